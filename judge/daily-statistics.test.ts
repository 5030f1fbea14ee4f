import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { isAddedUp, type MetricDefinition } from '../definitions/metric.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { duckDb } from '../warehouse-sql/dialect.ts';
import { scorecardQuery, type ScorecardRow } from '../warehouse-sql/scorecard-queries.ts';
import { randomEvents, randomMetrics, SEGMENTS } from '../warehouse-sql/testing/random-events.ts';
import {
  day,
  DAY_MS,
  deposit,
  DEPOSITED,
  exposure,
  KEY,
  rawEvent,
  type Draft,
} from '../warehouse-sql/testing/small-warehouse.ts';
import { createDailyStatistics, type DailyQuestion, type DailyStatistics } from './daily-statistics.ts';

/** More by `UMPIRE_PROPERTY_RUNS`, another walk by `UMPIRE_PROPERTY_SEED`. */
const RUNS = Number(process.env['UMPIRE_PROPERTY_RUNS'] ?? 60);
const SEED = Number(process.env['UMPIRE_PROPERTY_SEED'] ?? 20_261_123);

let warehouse: DuckDbWarehouse;
before(async () => {
  warehouse = await openDuckDb({ file: ':memory:', queryConnections: 1 });
});
after(() => warehouse.close());

async function fresh(): Promise<DailyStatistics> {
  const daily = createDailyStatistics({ warehouse, clock: () => day(30) });
  await daily.count([question([DEPOSITED], day(0))]);
  const tables = [
    'unit_exposures',
    'left_out_exposures',
    'copied_events',
    'linked_users',
    'daily_statistics',
    'statistics_offsets',
  ];
  await warehouse.execute(
    [...tables, 'raw_events', 'ingest_offsets'].map((table) => ({ sql: `DELETE FROM ${table}`, parameters: {} })),
  );
  return daily;
}

/** Appends events behind those that are there, as ingest does. */
async function append(drafts: readonly Draft[], from: number): Promise<void> {
  const inserts = drafts.map((draft, index) => {
    const parameters = rawEvent(draft, from + index);
    const values = Object.keys(parameters).map((name) => `$${name}`);
    return { sql: `INSERT INTO raw_events VALUES (${values.join(', ')})`, parameters };
  });
  const offset = {
    sql: 'INSERT INTO ingest_offsets VALUES (0, $next, 0) ON CONFLICT (log_partition) DO UPDATE SET next_offset = $next',
    parameters: { next: from + drafts.length },
  };
  await warehouse.execute([...inserts, offset]);
}

function question(
  metrics: readonly MetricDefinition[],
  asOfMs: number,
  changes: Partial<DailyQuestion> = {},
): DailyQuestion {
  return {
    experimentKey: KEY,
    epoch: 1,
    unitType: 'user',
    asOfMs,
    metrics,
    segments: { attributes: SEGMENTS, metrics: [0] },
    ...changes,
  };
}

async function recomputed({ metrics, segments, ...analysis }: DailyQuestion): Promise<readonly ScorecardRow[]> {
  const bySegments = { attributes: segments.attributes, metric: 0 };
  return await warehouse.query<ScorecardRow>(scorecardQuery(duckDb, analysis, metrics, bySegments));
}

function assertSame(kept: readonly ScorecardRow[], whole: readonly ScorecardRow[]): void {
  const named = (rows: readonly ScorecardRow[]): Map<string, ScorecardRow> =>
    new Map(rows.map((row) => [[row.part, row.attribute, row.value, row.metric, row.variant].join('|'), row]));
  const [ours, theirs] = [named(kept), named(whole)];
  assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
  for (const [name, row] of ours) {
    const other = theirs.get(name);
    assert.equal(row.units, other?.units, name);
    for (const sum of [
      'sum_y',
      'sum_yy',
      'sum_x',
      'sum_xx',
      'sum_xy',
      'sum_d',
      'sum_dd',
      'sum_yd',
      'sum_xd',
    ] as const) {
      const [a, b] = [row[sum], other?.[sum] ?? null];
      assert.equal(a === null, b === null, `${name}: ${sum}`);
      const size = Math.max(1, row.sum_yy, row.sum_xx, row.sum_dd ?? 0);
      assert.ok(Math.abs((a ?? 0) - (b ?? 0)) <= 1e-9 * size, `${name}: ${sum} is ${a}, recomputed ${b}`);
    }
  }
}

test('whatever comes, how late and how often, the kept statistics equal those that are computed anew', async () => {
  const asOf = fc.integer({ min: 0, max: 48 }).map((hours) => day(hours / 4));
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), asOf), { minLength: 1, maxLength: 4 });
  const unitType = fc.constantFrom('user', 'user', 'device', 'team');
  await fc.assert(
    fc.asyncProperty(randomEvents, randomMetrics, steps, unitType, async (events, metrics, drawn, unit) => {
      const daily = await fresh();
      const keyed = metrics.filter(isAddedUp).map((metric, index) => ({ ...metric, key: `metric_${index}` }));
      if (keyed.length === 0) return;
      let from = 0;
      for (const [size, asOfMs] of [...drawn, [events.length, day(20)] as const]) {
        const batch = events.slice(from, from + size);
        await append(batch, from);
        from += batch.length;
        const asked = [
          question(keyed, asOfMs, { unitType: unit }),
          question(keyed.slice(0, 1), asOfMs, { experimentKey: 'another', unitType: unit }),
        ];
        const answers = await daily.count(asked);
        for (const [index, each] of asked.entries()) assertSame(answers[index] ?? [], await recomputed(each));
      }
    }),
    { numRuns: RUNS, seed: SEED, includeErrorInReport: true },
  );
});

test('metrics that add the same up share their totals, and still differ', async () => {
  const count: MetricDefinition = { ...DEPOSITED, key: 'deposits', type: 'count', property: null };
  const metrics: readonly MetricDefinition[] = [
    count,
    { ...count, key: 'depositors', type: 'proportion' },
    { ...count, key: 'capped', cap: 2 },
    { ...count, key: 'back', type: 'retention', fromMs: 1 },
    { ...count, key: 'longer', windowMs: 3 * DAY_MS },
  ];
  const daily = await fresh();
  const exposed = exposure('u1', 'control', 1);
  await append([exposed, ...[1, 1.5, 2, 3.5].map((at) => deposit('u1', at))], 0);
  const [rows = []] = await daily.count([question(metrics, day(20))]);
  const matured = rows.filter(({ part }) => part === 'matured').sort((a, b) => a.metric - b.metric);
  assert.deepEqual(
    matured.map((row) => row.sum_y),
    [3, 1, 2, 1, 4],
  );
});
