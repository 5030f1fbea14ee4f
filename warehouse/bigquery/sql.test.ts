import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGoogleSql, type GoogleSql } from '../../tests/support/googlesql/googlesql.ts';
import { asScript } from './script.ts';
import * as sql from './sql.ts';
import { INGEST_OFFSETS, INGEST_TURN, RAW_EVENTS } from './tables.ts';

const DAY_MS = 86_400_000;
const STAGING = 'staging_p0_0_100_abc';

const append: sql.Append = {
  staging: STAGING,
  stagedRows: 100,
  ranges: [
    { partition: 0, from: 0n, to: 100n },
    { partition: 3, from: 2n ** 53n, to: 2n ** 53n + 7n },
  ],
  spans: [
    { earliestMs: Date.UTC(2026, 3, 1), latestMs: Date.UTC(2026, 3, 2) },
    { earliestMs: Date.UTC(2026, 5, 1), latestMs: Date.UTC(2026, 5, 1) + DAY_MS },
  ],
};

/** What each export of `sql.ts` sends, in every form that it has. */
const SENT: Readonly<Record<string, readonly string[]>> = {
  createTables: sql.createTables(),
  appendStatements: [
    ...sql.appendStatements(append),
    ...sql.appendStatements({ ...append, stagedRows: 0, spans: [], ranges: append.ranges.slice(0, 1) }),
    ...sql.appendStatements({ ...append, spans: append.spans.slice(0, 1) }),
  ],
  countAppended: [sql.countAppended(append), sql.countAppended({ ...append, spans: [] })],
  selectOffsets: [sql.selectOffsets()],
};
const TABLES = [RAW_EVENTS, INGEST_OFFSETS, INGEST_TURN, { ...RAW_EVENTS, name: STAGING }];

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

test('every statement that the adapter sends is given to the analyzer', () => {
  const exported = Object.entries(sql).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  assert.deepEqual(exported.toSorted(), Object.keys(SENT).toSorted());
});

for (const [name, statements] of Object.entries(SENT)) {
  test(`${name} passes Google's analyzer`, async () => {
    for (const statement of statements) {
      // What is to be made must not be there already.
      const made = /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1];
      const tables = TABLES.filter((table) => table.name !== made);
      await googleSql.analyze({ sql: statement, parameters: {} }, tables);
    }
  });
}

test('statements that are sent together are still SQL, and name the tables that they named', async () => {
  const together = asScript([
    { sql: sql.createTables()[0] ?? '', parameters: {} },
    {
      sql: `UPDATE ${INGEST_TURN.name} SET turn = @turn WHERE '@turn' <> "a ; @b" -- not @this`,
      parameters: { turn: 1 },
    },
    { sql: `DELETE FROM ${RAW_EVENTS.name} WHERE user_id = @user;`, parameters: { user: 'u' } },
  ]);
  assert.match(together.sql, /SET turn = @s1_turn WHERE '@turn' <> "a ; @b" -- not @this\n/);
  assert.deepEqual(together.parameters, { s1_turn: 1, s2_user: 'u' });
  assert.deepEqual(new Set(await googleSql.tablesOfScript(together.sql)), new Set([RAW_EVENTS.name, INGEST_TURN.name]));
  await assert.rejects(googleSql.tablesOfScript('BEGIN TRANSACTION; DELET raw_events'), /Syntax error|Expected/i);
  assert.throws(
    () =>
      asScript([
        { sql: 'DELETE FROM a WHERE TRUE', parameters: {} },
        { sql: 'CREATE TABLE b (c INT64)', parameters: {} },
      ]),
    /put this statement before those that change rows/,
  );
});

test('an append reads the days on which its events happened, and no other', () => {
  const insert = sql.appendStatements(append).find((statement) => statement.includes('INSERT INTO raw_events')) ?? '';
  assert.match(
    insert,
    /occurred_at BETWEEN TIMESTAMP '2026-04-01 00:00:00\.000\+00' AND TIMESTAMP '2026-04-02 00:00:00\.000\+00'/,
  );
  assert.match(insert, /OR occurred_at BETWEEN TIMESTAMP '2026-06-01 00:00:00\.000\+00'/);
});

test('rows and offsets move in one transaction, which begins with what two of them at once cannot both have', () => {
  const statements = sql.appendStatements(append);
  assert.equal(statements[0], 'BEGIN TRANSACTION');
  assert.equal(statements.at(-1), 'COMMIT TRANSACTION');
  const changes = statements.filter((statement) => /\b(INSERT|UPDATE|MERGE|DELETE)\b/.test(statement));
  assert.match(changes[0] ?? '', /UPDATE ingest_turn/);
});
