import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duckDb } from './dialect.ts';
import { countUserQuery, eraseUserStatement } from './erasure.ts';
import { day, deposit, exposure, fill } from './testing/small-warehouse.ts';

test("a user's events are his own and those of his devices before a login; what came later is somebody's who came back", async () => {
  const warehouse = await fill([
    exposure('u1', 'control', 1),
    exposure('phone', 'control', 1, { userId: null }),
    deposit('u1', 1),
    deposit(null, 1, 5, { anonymousId: 'phone' }),
    // Kept: another user, on the same phone and on his own; another device; the one who came back.
    deposit('u2', 1, 5, { anonymousId: 'phone' }),
    deposit('u2', 1, 5, { properties: { referred_by: 'u1' } }),
    deposit(null, 1, 5, { anonymousId: 'other phone' }),
    deposit('u1', 6),
  ]);
  const user = { userId: 'u1', deviceIds: ['phone'], untilMs: day(5) };
  const left = async (): Promise<number> =>
    (await warehouse.query(countUserQuery(duckDb, user)))[0]?.['event_count'] as number;
  assert.equal(await left(), 4);
  await warehouse.execute([eraseUserStatement(duckDb, user)]);
  assert.equal(await left(), 0);
  const [row] = await warehouse.query<{ readonly kept: number }>({
    sql: 'SELECT COUNT(*) AS kept FROM raw_events',
    parameters: {},
  });
  assert.equal(row?.kept, 4);
});
