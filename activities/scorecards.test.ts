import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ControlStore, ExperimentRecord } from '../control-store/port.ts';
import { createResultTables, type ResultTables } from '../judge/result-tables.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { experimentDefinition, experimentRecord } from '../scorecard/testing/inputs.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { createScorecardActivities, type Judgement, type ScorecardRound } from './scorecards.ts';

const NOW_MS = Date.UTC(2026, 3, 8);
const NO_LETTERS = () => Promise.resolve([]);

function scorecard(experimentKey: string): Scorecard {
  return {
    experimentKey,
    epoch: 1,
    computedAtMs: NOW_MS,
    verdict: 'keep-running',
    summary: 'No verdict yet.',
    winningVariant: null,
    split: null,
    look: null,
    readouts: [],
    segments: [],
    gates: [],
    leftOut: { crossedUnits: 0, notRandomExposures: 0, immatureUnits: {} },
  };
}

/** Two running experiments; `lost` cannot be judged. */
function activitiesWith(tables: ResultTables) {
  const saved: string[] = [];
  const record = (key: string): ExperimentRecord =>
    experimentRecord({ key, status: 'running', enrolledAtMs: NOW_MS - 1_000 });
  const getDefinition = (_kind: string, key: string) =>
    Promise.resolve({ definition: experimentDefinition({ key }), version: 1, createdBy: 'test', createdAtMs: 0 });
  const controlStore: Partial<ControlStore> = {
    listExperiments: () => Promise.resolve([record('upi_retry'), record('lost')]),
    getExperiment: (key) => Promise.resolve(record(key)),
    getDefinition: getDefinition as ControlStore['getDefinition'],
    saveScorecard: ({ experimentKey }) => {
      saved.push(experimentKey);
      return Promise.resolve();
    },
  };
  const activities = createScorecardActivities({
    controlStore: controlStore as ControlStore,
    judge: (key) => (key === 'lost' ? Promise.reject(new Error('no rows')) : Promise.resolve(scorecard(key))),
    results: { tables, deadLetters: NO_LETTERS },
  });
  return { activities, saved };
}

const run = async <T>(work: () => Promise<T>): Promise<T> => await new MockActivityEnvironment().run(work);

test('a round writes the tables of results, and a retried one writes the same', async () => {
  const warehouse = await openDuckDb({ file: ':memory:', queryConnections: 1 });
  const { activities } = activitiesWith(createResultTables({ warehouse, clock: () => NOW_MS }));
  const round = await run<ScorecardRound>(() => activities.refreshRunningScorecards());
  const { portfolio, ...rest } = round;
  assert.deepEqual(rest, { refreshed: ['upi_retry'], failed: [{ experimentKey: 'lost', reason: 'no rows' }] });
  assert.deepEqual(
    portfolio?.withoutEffect.map(({ experimentKey }) => experimentKey),
    ['upi_retry'],
  );
  const rows = () => warehouse.query({ sql: 'SELECT * FROM experiment_results ORDER BY ALL', parameters: {} });
  const before = await rows();
  assert.equal(before.length, 2);
  await run(() => activities.refreshRunningScorecards());
  assert.deepEqual(await rows(), before);
  await warehouse.close();
});

const FAILING: ResultTables = {
  writeScorecard: () => Promise.reject(new Error('disk full')),
  refreshExposures: () => Promise.reject(new Error('disk full')),
  copyDeadLetters: () => Promise.resolve(),
};

test('tables that cannot be written hold up no decision, and the round says so', async () => {
  const { activities, saved } = activitiesWith(FAILING);
  const { scorecard: summary } = await run<Judgement>(() =>
    activities.refreshScorecard({ experimentKey: 'upi_retry' }),
  );
  assert.equal(summary.verdict, 'keep-running');
  const round = await run<ScorecardRound>(() => activities.refreshRunningScorecards());
  assert.deepEqual(
    round.failed.map(({ experimentKey, reason }) => `${experimentKey}: ${reason}`),
    ['upi_retry: disk full', 'lost: no rows', 'exposures_daily: disk full'],
  );
  assert.deepEqual(saved, ['upi_retry', 'upi_retry']);
});
