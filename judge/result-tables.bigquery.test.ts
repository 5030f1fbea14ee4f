import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BigQueryEmulator } from '../parts/bigquery-emulator.ts';
import { experimentDefinition } from '../scorecard/testing/inputs.ts';
import { startTestEmulator, whyNoEmulator } from '../tests/support/bigquery-emulator.ts';
import { openBigQuery } from '../warehouse/bigquery/bigquery.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { createResultTables, type ResultTables } from './result-tables.ts';
import { dailyCounts, exposures, scorecard, START_MS } from './testing/results.ts';

const skip = await whyNoEmulator();
const DEFINITION = experimentDefinition();

/** The emulator shows the way through the client; whether the SQL is right is judged by the analyzer. */
describe('tables of results in BigQuery', { skip }, () => {
  let emulator: BigQueryEmulator;
  let warehouse: Warehouse;
  let tables: ResultTables;
  before(async () => {
    emulator = await startTestEmulator();
    const { apiEndpoint } = emulator;
    warehouse = await openBigQuery({
      ...{ project: 'results', dataset: 'umpire', location: 'US', apiEndpoint },
      createDataset: true,
      appendEveryMs: 0,
    });
    tables = createResultTables({ warehouse, clock: () => START_MS });
  });
  after(async () => {
    await warehouse.close();
    await emulator.stop();
  });
  const rows = async (sql: string) => await warehouse.query({ sql, parameters: {} });

  test('a scorecard that is written again, or late, changes nothing', async () => {
    await tables.writeScorecard(scorecard({ computedAtMs: START_MS + 5_000 }), DEFINITION);
    await tables.writeScorecard(scorecard({ computedAtMs: START_MS + 5_000 }), DEFINITION);
    await tables.writeScorecard(scorecard({ verdict: 'ship' }), DEFINITION);
    const found = await rows(
      'SELECT metric_key, verdict, absolute_effect, no_effect_reason, as_of, as_of_date FROM experiment_results ORDER BY metric_key',
    );
    const asOf = { verdict: 'keep-running', as_of: new Date(START_MS + 5_000), as_of_date: '2026-04-01' };
    assert.deepEqual(found, [
      { metric_key: 'deposited', absolute_effect: 0.1, no_effect_reason: null, ...asOf },
      { metric_key: 'failed', absolute_effect: null, no_effect_reason: 'failed: no matured units yet', ...asOf },
    ]);
    assert.deepEqual(await rows('SELECT COUNT(*) AS n FROM experiment_results_history'), [{ n: 2 }]);
    assert.deepEqual(await rows('SELECT verdict, crossed_units FROM experiment_decisions'), [
      { verdict: 'keep-running', crossed_units: 3 },
    ]);
  });

  test('a late exposure restates its day', async () => {
    await warehouse.appendEvents(
      exposures(0, 0, [
        ['u1', 0],
        ['u2', 0.1],
        ['u1', 0.2],
        ['u3', 1],
      ]),
    );
    await tables.refreshExposures();
    await warehouse.appendEvents(exposures(1, 0, [['u4', 0.3]]));
    await tables.refreshExposures();
    await tables.refreshExposures();
    assert.deepEqual(await dailyCounts(warehouse), [
      ['2026-04-01', 4, 3],
      ['2026-04-02', 1, 1],
    ]);
  });

  test('dead letters are copied once', async () => {
    const letter = { id: 7n, reason: 'no JSON', payload: { event_type: 'paid' }, receivedAtMs: START_MS };
    await tables.copyDeadLetters(() => Promise.resolve([letter]));
    await tables.copyDeadLetters(() => Promise.resolve([letter]));
    const found = await rows('SELECT dead_letter_id, received_at, reason, event_type, event_id FROM dead_letters');
    assert.deepEqual(found, [
      { dead_letter_id: 7, received_at: new Date(START_MS), reason: 'no JSON', event_type: 'paid', event_id: null },
    ]);
  });
});
