import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startGoogleSql, type FilledTable, type GoogleSql } from '../tests/support/googlesql/googlesql.ts';
import { RAW_EVENTS } from '../warehouse/bigquery/tables.ts';
import type { Design } from '../definitions/design.ts';
import type { Row } from '../warehouse/port.ts';
import { bigQuery, duckDb, type Dialect, type TypedStatement } from './dialect.ts';
import { designedQuery, type DesignedRow } from './designed-queries.ts';
import { scorecardQuery, segmentSplitQuery, type Analysis, type ScorecardRow } from './scorecard-queries.ts';
import { randomEvents, randomMetrics, SEGMENTS } from './testing/random-events.ts';
import {
  day,
  DAY_MS,
  deposit,
  DEPOSITED,
  exposure,
  fill,
  KEY,
  rawEvent,
  type Draft,
} from './testing/small-warehouse.ts';

/** More by `UMPIRE_PROPERTY_RUNS`, another walk by `UMPIRE_PROPERTY_SEED`. */
const RUNS = Number(process.env['UMPIRE_PROPERTY_RUNS'] ?? 150);
const SEED = Number(process.env['UMPIRE_PROPERTY_SEED'] ?? 20_260_401);

let googleSql: GoogleSql;
before(async () => {
  googleSql = await startGoogleSql();
});
after(() => googleSql.stop());

const analysisOf = (unitType: string, asOfMs = day(10)): Analysis => ({
  experimentKey: KEY,
  epoch: 1,
  unitType,
  asOfMs,
});

test("on any small data DuckDB counts what Google's reference evaluator counts", async () => {
  const unitType = fc.constantFrom('user', 'device', 'team');
  const asOf = fc.integer({ min: 0, max: 24 }).map((halfDays) => day(halfDays / 2));
  await fc.assert(
    fc.asyncProperty(randomEvents, randomMetrics, unitType, asOf, async (drafts, metrics, unit, asOfMs) => {
      const analysis = analysisOf(unit, asOfMs);
      const { embedded, reference } = await both(drafts, (dialect) => scorecardQuery(dialect, analysis, metrics));
      assertSameCounts(embedded, reference);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test('on any small data the totals of a design are the same', async () => {
  const design = fc.constantFrom<Design>(
    { type: 'switchback', region: 'team', windowMs: DAY_MS / 2, burnInMs: 1 },
    { type: 'cluster', cluster: 'team' },
  );
  await fc.assert(
    fc.asyncProperty(randomEvents, randomMetrics, design, async (drafts, metrics, drawn) => {
      // What a design accepts.
      const totals = metrics.filter(
        ({ type, cap, capPercentile }) =>
          cap === undefined && capPercentile === undefined && (type === 'count' || type === 'sum'),
      );
      if (totals.length === 0) return;
      const named = drawn.type === 'switchback' ? drafts.map(inWindow) : drafts;
      const query = (dialect: Dialect) => designedQuery(dialect, analysisOf('team'), drawn, totals);
      const { embedded, reference } = await both(named, query);
      const withoutTotal = (rows: readonly DesignedRow[]) => rows.map((row) => ({ ...row, total: 0 }));
      assert.deepEqual(withoutTotal(embedded), withoutTotal(reference));
      for (const [index, { total }] of embedded.entries()) {
        const other = reference[index]?.total ?? NaN;
        assert.ok(Math.abs(total - other) <= 1e-6 * Math.max(1, Math.abs(total)), `${total} is not ${other}`);
      }
    }),
    { numRuns: Math.ceil(RUNS / 2), seed: SEED },
  );
});

/** An exposure that names the window that it is in. */
function inWindow(draft: Draft): Draft {
  const unit = draft.properties['unit_id'];
  if (draft.eventType !== 'exposure' || typeof unit !== 'string') return draft;
  const start = Math.floor(draft.timestampMs / (DAY_MS / 2)) * (DAY_MS / 2);
  return { ...draft, properties: { ...draft.properties, unit_id: `${unit}@${start}` } };
}

test('on any small data the split by segments is the same', async () => {
  await fc.assert(
    fc.asyncProperty(randomEvents, async (drafts) => {
      const analysis = analysisOf('user');
      const { embedded, reference } = await both(drafts, (dialect) => segmentSplitQuery(dialect, analysis, SEGMENTS));
      assert.deepEqual(embedded, reference);
    }),
    { numRuns: Math.ceil(RUNS / 2), seed: SEED },
  );
});

test('the reference evaluator counts what is counted by hand', async () => {
  const drafts = [exposure('u1', 'control', 1), deposit('u1', 1, 10), deposit('u1', 2.9, 20), deposit('u1', 3, 40)];
  const { reference } = await both(drafts, (dialect) => scorecardQuery(dialect, analysisOf('user'), [DEPOSITED]));
  const matured = reference.find(({ part }) => part === 'matured');
  assert.deepEqual([matured?.units, matured?.sum_y, matured?.sum_yy], [1, 30, 900]);
});

interface Both<R> {
  readonly embedded: readonly R[];
  readonly reference: readonly R[];
}

async function both<R extends Row>(
  drafts: readonly Draft[],
  render: (dialect: Dialect) => TypedStatement<R>,
): Promise<Both<R>> {
  const warehouse = await fill(drafts);
  return {
    embedded: await warehouse.query<R>(render(duckDb)),
    reference: await googleSql.evaluate<R>(render(bigQuery), [rawEventsWith(drafts)]),
  };
}

function rawEventsWith(drafts: readonly Draft[]): FilledTable {
  const rows = drafts.map((draft, offset) => Object.values(rawEvent(draft, offset)));
  return { ...RAW_EVENTS, rows };
}

/** Counts are equal; sums of floating-point numbers depend on the order of adding them up. */
function assertSameCounts(embedded: readonly ScorecardRow[], reference: readonly ScorecardRow[]): void {
  const counts = ({ part, metric, variant, units }: ScorecardRow) => ({ part, metric, variant, units });
  assert.deepEqual(embedded.map(counts), reference.map(counts));
  for (const [index, row] of embedded.entries()) {
    const other = reference[index];
    assert.ok(other !== undefined);
    const sizeY = Math.sqrt(row.units * row.sum_yy);
    const sizeX = Math.sqrt(row.units * row.sum_xx);
    const sizes = { sum_y: sizeY, sum_yy: row.sum_yy, sum_x: sizeX, sum_xx: row.sum_xx, sum_xy: sizeX * sizeY };
    assert.equal(row.sum_d === null, other.sum_d === null);
    const sizeD = Math.sqrt(row.units * (row.sum_dd ?? 0));
    const ofDenominator = { sum_d: sizeD, sum_dd: row.sum_dd ?? 0, sum_yd: sizeY * sizeD, sum_xd: sizeX * sizeD };
    for (const [name, size] of Object.entries(ofDenominator) as [keyof typeof ofDenominator, number][]) {
      const difference = Math.abs((row[name] ?? 0) - (other[name] ?? 0));
      assert.ok(difference <= 1e-9 * size, `${name}: ${row[name]} is not ${other[name]}`);
    }
    for (const [name, size] of Object.entries(sizes) as [keyof typeof sizes, number][]) {
      assert.ok(Math.abs(row[name] - other[name]) <= 1e-9 * size, `${name}: ${row[name]} is not ${other[name]}`);
    }
  }
}
