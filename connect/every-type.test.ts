import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { MetricDefinition } from '../definitions/metric.ts';
import { parseWarehouseSource } from '../definitions/parse-warehouse-source.ts';
import { metricDefinition } from '../scorecard/testing/inputs.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { openReadOnlyDuckDb } from '../warehouse/read-only/duckdb.ts';
import { duckDb } from '../warehouse-sql/dialect.ts';
import { existingScorecardQuery } from '../warehouse-sql/existing/scorecard-queries.ts';
import { scorecardQuery } from '../warehouse-sql/scorecard-queries.ts';
import { analysisOf } from './existing-experiment.ts';
import { knowQueries } from './known-queries.ts';
import { DAY_MS, NOW_MS, ownEvents } from './testing/own-events.ts';

const DEPOSITED: MetricDefinition = { ...metricDefinition('deposited', 'increase'), covariateMs: DAY_MS };
const AMOUNT: MetricDefinition = {
  ...metricDefinition('amount', 'increase'),
  type: 'sum',
  property: 'amount_paise',
  windowMs: 2 * DAY_MS,
};

const EVERY_TYPE: readonly MetricDefinition[] = [
  { ...DEPOSITED, key: 'deposited' },
  { ...AMOUNT, key: 'amount', capPercentile: 95, covariateMs: DAY_MS },
  { ...AMOUNT, key: 'capped', cap: 9_000 },
  { ...AMOUNT, key: 'mean_amount', type: 'mean', covariateMs: DAY_MS },
  { ...AMOUNT, key: 'per_opened', type: 'ratio', denominator: { event: 'deposit_opened', property: null, where: [] } },
  {
    ...DEPOSITED,
    key: 'success',
    type: 'ratio',
    where: [{ property: 'method', operator: 'equals', value: 'upi' }],
    denominator: { event: 'deposit_opened', property: null, where: [] },
  },
  { ...AMOUNT, key: 'methods', type: 'count_distinct', property: 'method' },
  { ...DEPOSITED, key: 'back', type: 'retention', fromMs: DAY_MS / 2, covariateMs: 0 },
  { ...AMOUNT, key: 'large', type: 'quantile', quantile: 0.75 },
  {
    ...DEPOSITED,
    key: 'through',
    type: 'funnel',
    event: 'deposit_opened',
    covariateMs: 0,
    givenStep: 1,
    steps: [{ event: 'deposit_succeeded', where: [{ property: 'method', operator: 'equals', value: 'upi' }] }],
  },
];

const EVERY_TYPE_DOCUMENT = `
kind: warehouse_source
key: own_events
owner: payments
connection: { engine: duckdb, file: warehouse.duckdb }
assignments:
  - key: exposures
    sql: |
      SELECT properties->>'unit_id' AS unit_id, experiment_key, variant, occurred_at AS exposed_at
      FROM raw_events
      WHERE event_type = 'exposure' AND epoch = 1 AND (properties->>'reason') = 'REASON_SPLIT'
facts:
  - key: opened
    sql: SELECT event_id, user_id AS unit_id, occurred_at FROM raw_events WHERE event_type = 'deposit_opened'
    columns: { id: event_id }
  - key: deposits
    sql: |
      SELECT event_id, user_id AS unit_id, occurred_at, CAST(properties->>'amount_paise' AS DOUBLE) AS paise,
        properties->>'method' AS method, (properties->>'method') = 'upi' AS is_upi
      FROM raw_events WHERE event_type = 'deposit_succeeded'
    columns: { id: event_id }
metrics:
  - { key: deposited, facts: deposits, type: proportion, window: 1d, covariate: 1d, goodDirection: increase }
  - { key: amount, facts: deposits, type: sum, value: paise, capPercentile: 95, window: 2d, covariate: 1d, goodDirection: increase }
  - { key: capped, facts: deposits, type: sum, value: paise, cap: 9000, window: 2d, goodDirection: increase }
  - { key: mean_amount, facts: deposits, type: mean, value: paise, window: 2d, covariate: 1d, goodDirection: increase }
  - { key: per_opened, facts: deposits, type: ratio, value: paise, denominator: { facts: opened }, window: 2d, goodDirection: increase }
  - { key: success, facts: deposits, type: ratio, where: is_upi, denominator: { facts: opened }, window: 1d, covariate: 1d, goodDirection: increase }
  - { key: methods, facts: deposits, type: count_distinct, value: method, window: 2d, goodDirection: increase }
  - { key: back, facts: deposits, type: retention, from: 12h, window: 1d, goodDirection: increase }
  - { key: large, facts: deposits, type: quantile, value: paise, quantile: 0.75, window: 2d, goodDirection: increase }
  - { key: through, facts: opened, type: funnel, steps: [{ facts: deposits, where: is_upi }], givenStep: 1, window: 1d, goodDirection: increase }
experiments:
  - key: upi_retry
    variants: [{ key: control }, { key: retry }]
    metrics: { primary: deposited, secondary: [amount, capped, mean_amount, per_opened, success, methods, back, large, through] }
    from: '2026-04-01T00:00:00Z'
`;

test('every type of metric is read from foreign rows as it is from events', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'every-type-'));
  t.after(() => rm(folder, { recursive: true }));
  const warehouse = await openDuckDb({ file: path.join(folder, 'warehouse.duckdb') });
  await warehouse.appendEvents({ partition: 0, events: ownEvents(), nextOffset: 1_000_000n });
  const analysis = { experimentKey: 'upi_retry', epoch: 1, unitType: 'user', asOfMs: NOW_MS };
  const own = await warehouse.query(scorecardQuery(duckDb, analysis, EVERY_TYPE));
  await warehouse.close();
  const foreign = await openReadOnlyDuckDb({ data: { file: path.join(folder, 'warehouse.duckdb') } });
  try {
    const { source, place } = parseWarehouseSource(EVERY_TYPE_DOCUMENT, 'own.yaml');
    const known = await knowQueries(foreign, source, place);
    assert.deepEqual(known.findings, []);
    const [experiment] = source.experiments;
    assert.ok(experiment !== undefined);
    const existing = analysisOf(source, experiment, known, NOW_MS);
    assert.ok(existing !== null);
    assert.deepEqual(
      existing.metrics.map(({ key }) => key),
      EVERY_TYPE.map(({ key }) => key),
    );
    const read = await foreign.query(existingScorecardQuery(duckDb, existing));
    const matured = (rows: typeof own) => rows.filter(({ part }) => part === 'matured');
    assert.equal(matured(own).length, 2 * EVERY_TYPE.length);
    assert.equal(matured(read).length, matured(own).length);
    for (const [index, row] of matured(own).entries())
      for (const [name, expected] of Object.entries(row)) {
        const value = matured(read)[index]?.[name];
        // Sums of fractions depend on the order of adding them up.
        if (typeof expected !== 'number') assert.equal(value, expected, name);
        else assert.ok(Math.abs(Number(value) - expected) <= 1e-9 * Math.abs(expected), `${name} of ${row.metric}`);
      }
  } finally {
    await foreign.close();
  }
});
