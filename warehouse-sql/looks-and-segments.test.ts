import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duckDb } from './dialect.ts';
import { maturityQuery, scorecardQuery } from './scorecard-queries.ts';
import { day, deposit, DEPOSITED, exposure, fill, KEY } from './testing/small-warehouse.ts';

const CONTROL = 'control';
const RETRY = 'retry';

test('units that matured between two looks, and when as many had as were planned', async () => {
  const filled = await fill([
    exposure('u1', CONTROL, 1), // matures at 3
    exposure('u2', RETRY, 1.5),
    exposure('u3', RETRY, 2),
    exposure('u4', CONTROL, 6),
    exposure('u5', CONTROL, 6.1), // after the last look
    exposure('u6', CONTROL, 1, { properties: { reason: 'REASON_KILLED' } }),
  ]);
  const analysis = { experimentKey: KEY, epoch: 1, unitType: 'user', asOfMs: day(10) };
  const ask = (maximumUnits: number | null) =>
    filled.query(
      maturityQuery(duckDb, analysis, {
        windowMs: DEPOSITED.windowMs,
        lookTimesMs: [day(3.5), day(8)],
        maximumUnits,
      }),
    );
  const looks = [
    { part: 'look', look: 0, variant: CONTROL, units: 1, at_ms: 0 },
    { part: 'look', look: 0, variant: RETRY, units: 1, at_ms: 0 },
    { part: 'look', look: 1, variant: CONTROL, units: 1, at_ms: 0 },
    { part: 'look', look: 1, variant: RETRY, units: 1, at_ms: 0 },
  ];
  assert.deepEqual(await ask(null), looks);
  assert.deepEqual(await ask(3), [{ part: 'full', look: 0, variant: '', units: 3, at_ms: day(4) }, ...looks]);
  assert.deepEqual(await ask(5), looks);
});

test('the primary metric by segments: those of the first exposure, and only matured units', async () => {
  const inRegion = (region: string) => ({ properties: { segments: { region } } });
  const filled = await fill([
    exposure('u1', CONTROL, 1, inRegion('south')),
    deposit('u1', 2, 10),
    exposure('u1', CONTROL, 2, inRegion('north')), // its first exposure was in the south
    exposure('u2', RETRY, 1, inRegion('south')),
    deposit('u2', 2, 5),
    exposure('u3', RETRY, 1), // without a region
    exposure('u4', RETRY, 9, inRegion('south')), // its window is still open
  ]);
  const analysis = { experimentKey: KEY, epoch: 1, unitType: 'user', asOfMs: day(10) };
  const rows = await filled.query(
    scorecardQuery(duckDb, analysis, [DEPOSITED], { attributes: ['region', 'os'], metric: 0 }),
  );
  const found = rows.filter(({ part }) => part === 'segment');
  assert.deepEqual(
    found.map(({ attribute, value, variant, units, sum_y, sum_yy }) => [
      attribute,
      value,
      variant,
      units,
      sum_y,
      sum_yy,
    ]),
    [
      ['region', 'south', CONTROL, 1, 10, 100],
      ['region', 'south', RETRY, 1, 5, 25],
    ],
  );
  assert.throws(() => scorecardQuery(duckDb, analysis, [DEPOSITED], { attributes: ['os'], metric: 3 }), /no metric 3/);
});
