import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { createJudge, type JudgeParts } from '../activities/judge.ts';
import { analyzeFile } from '../analyze/analyze-file.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { comparable } from '../scorecard/comparable.ts';
import { experimentDefinition, experimentRecord, metricDefinition } from '../scorecard/testing/inputs.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { scoreExisting } from './connect.ts';
import { DAY_MS, NOW_MS, ownEvents, START_MS } from './testing/own-events.ts';

const DEPOSITED: MetricDefinition = { ...metricDefinition('deposited', 'increase'), covariateMs: DAY_MS };
const AMOUNT: MetricDefinition = {
  ...metricDefinition('amount', 'increase'),
  type: 'sum',
  property: 'amount_paise',
  windowMs: 2 * DAY_MS,
};

const DOCUMENT = `
kind: warehouse_source
key: own_events
owner: payments
connection: { engine: duckdb, file: warehouse.duckdb }
assignments:
  - key: exposures
    sql: |
      SELECT properties->>'unit_id' AS unit_id, experiment_key, variant, occurred_at AS exposed_at,
        properties->'segments'->>'device' AS device
      FROM raw_events
      WHERE event_type = 'exposure' AND epoch = 1 AND (properties->>'reason') = 'REASON_SPLIT'
    segments: [device]
facts:
  - key: deposits
    sql: |
      SELECT event_id, user_id AS unit_id, occurred_at, CAST(properties->>'amount_paise' AS DOUBLE) AS paise
      FROM raw_events WHERE event_type = 'deposit_succeeded'
    columns: { id: event_id }
metrics:
  - { key: deposited, type: proportion, window: 1d, covariate: 1d, goodDirection: increase, valueUnit: deposits per unit }
  - { key: amount, type: sum, value: paise, window: 2d, goodDirection: increase, valueUnit: deposits per unit }
experiments:
  - key: upi_retry
    variants: [{ key: control }, { key: retry }]
    metrics: { primary: deposited, secondary: [amount], guardrails: [{ metric: amount, margin: 20% }] }
    from: '2026-04-01T00:00:00Z'
`;

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'equality-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test('our own events, read as a foreign warehouse, give the scorecard that the platform gives', async (t) => {
  const folder = await folderOf(t);
  const warehouse = await openDuckDb({ file: path.join(folder, 'warehouse.duckdb') });
  await warehouse.appendEvents({ partition: 0, events: ownEvents(), nextOffset: 1_000_000n });
  const metrics = { primary: 'deposited', secondary: ['amount'], guardrails: [{ metric: 'amount', marginRatio: 0.2 }] };
  const stored = (definition: unknown) =>
    Promise.resolve({ definition, version: 1, createdBy: 'test', createdAtMs: START_MS });
  const getDefinition = (kind: string, key: string) =>
    kind === 'metric' ? stored(key === 'amount' ? AMOUNT : DEPOSITED) : stored(experimentDefinition({ metrics }));
  const controlStore: JudgeParts['controlStore'] = {
    getExperiment: () => Promise.resolve(experimentRecord({ enrolledAtMs: START_MS })),
    getDefinition: getDefinition as JudgeParts['controlStore']['getDefinition'],
  };
  const own = await createJudge({ warehouse, controlStore, clock: () => NOW_MS })('upi_retry');
  await warehouse.close();

  const request = { fileName: 'own.yaml', baseDirectory: folder, nowMs: NOW_MS, signal: new AbortController().signal };
  const { scorecard } = await scoreExisting({ ...request, text: DOCUMENT }, 'upi_retry');
  assert.ok(own.readouts.length === 3 && own.leftOut.crossedUnits > 50 && own.leftOut.notRandomExposures > 100);
  assert.ok((own.leftOut.immatureUnits['deposited'] ?? 0) > 100);
  // Foreign SQL leaves exposures by no split out itself.
  const expected = { ...own, leftOut: { ...own.leftOut, notRandomExposures: 0 } };
  assert.deepEqual(scorecard, expected);
});

const NSW_DOCUMENT = `
kind: warehouse_source
key: nsw
owner: economics
connection: { engine: parquet, tables: { nsw: nsw.parquet } }
assignments:
  - key: programme
    sql: SELECT id, 'nsw' AS experiment_key, treat, DATE '1976-01-01' AS assigned_on FROM nsw
    unit: person
    columns: { unit: id, variant: treat, exposedAt: assigned_on }
facts:
  - key: earnings
    sql: |
      SELECT id, DATE '1978-12-31' AS paid_on, re78 AS usd FROM nsw
      UNION ALL SELECT id, DATE '1975-12-31', re75 FROM nsw
    columns: { unit: id, occurredAt: paid_on }
metrics:
  - { key: re78, type: sum, value: usd, window: 1200d, goodDirection: increase }
  - { key: re78_adjusted, type: sum, value: usd, window: 1200d, covariate: 365d, goodDirection: increase }
experiments:
  - key: nsw
    variants: [{ key: 0, weight: 58.43 }, { key: 1, weight: 41.57 }]
    control: 0
    metrics: { primary: re78, secondary: [re78_adjusted] }
    from: '1976-01-01T00:00:00Z'
    to: '1980-01-01T00:00:00Z'
`;

test('the NSW experiment as Parquet gives what umpire analyze gives on the file', async (t) => {
  const folder = await folderOf(t);
  const file = repositoryFile('examples/data/nsw_mixtape.csv');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `SELECT ROW_NUMBER() OVER () AS id, * FROM read_csv('${file}')`;
  await connection.run(`COPY (${rows}) TO '${folder}/nsw.parquet'`);
  connection.closeSync();
  instance.closeSync();

  const columns = { file, outcome: 're78', treatment: 'treat', covariate: 're75' };
  const { control, treated, difference, adjusted } = await analyzeFile({ ...columns, method: 'always-valid' });
  const { scorecard } = await scoreExisting(
    {
      text: NSW_DOCUMENT,
      fileName: 'nsw.yaml',
      baseDirectory: folder,
      nowMs: Date.UTC(1981, 0),
      signal: new AbortController().signal,
    },
    'nsw',
  );
  const [plain, withCovariate] = scorecard?.readouts ?? [];
  assert.ok(plain !== undefined && withCovariate !== undefined, scorecard?.summary);
  const close = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} is not ${expected}`);
  assert.deepEqual([plain.controlUnits, plain.variantUnits], [control.units, treated.units]);
  close(plain.controlMean, control.mean);
  close(plain.variantMean, treated.mean);
  close(plain.absolute.estimate, difference.estimate);
  assert.ok(adjusted !== null);
  close(withCovariate.absolute.estimate, adjusted.estimate);
  close(withCovariate.varianceRemovedRatio ?? 0, adjusted.varianceRemovedRatio);

  // A scorecard gives arms whose variances are very unequal the larger one, see scorecard/comparable.ts; a file is analysed as it is.
  const moments = ({ units: count, mean, standardDeviation }: typeof control) => ({
    count,
    mean,
    variance: standardDeviation ** 2,
  });
  const arms = comparable(moments(control), moments(treated));
  const effect = differenceOfMeans(arms.control, arms.variant);
  const wider = confidenceSequence({ ...effect, count: control.units + treated.units, alpha: 0.05 });
  close(plain.absolute.lower, wider.lower);
  close(plain.absolute.upper, wider.upper);
});
