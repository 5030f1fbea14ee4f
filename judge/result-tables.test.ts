import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { experimentDefinition } from '../scorecard/testing/inputs.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { RESULT_TABLES } from '../warehouse-sql/results/result-tables.ts';
import { createResultTables, type ResultTables } from './result-tables.ts';
import { DAY_MS, dailyCounts, exposures, scorecard, START_MS } from './testing/results.ts';
import type { RefusedEvent } from './dead-letter-row.ts';

const DEFINITION = experimentDefinition();

let warehouse: DuckDbWarehouse;
let tables: ResultTables;
beforeEach(async () => {
  await close();
  warehouse = await openDuckDb({ file: ':memory:', queryConnections: 1 });
  tables = createResultTables({ warehouse, clock: () => START_MS });
});
const close = async (): Promise<void> => {
  if ((warehouse as DuckDbWarehouse | undefined) !== undefined) await warehouse.close();
};
after(close);

const rows = async (sql: string) => await warehouse.query({ sql, parameters: {} });

test('every metric and variant has a row: with its effect, or with the reason why there is none', async () => {
  await tables.writeScorecard(scorecard(), DEFINITION);
  const found = await rows(
    'SELECT metric_key, role, variant, absolute_effect, relative_upper, no_effect_reason, control_units FROM experiment_results ORDER BY role DESC',
  );
  assert.deepEqual(found, [
    {
      metric_key: 'deposited',
      role: 'primary',
      variant: 'retry',
      absolute_effect: 0.1,
      relative_upper: null,
      no_effect_reason: null,
      control_units: 1_000,
    },
    {
      metric_key: 'failed',
      role: 'guardrail',
      variant: 'retry',
      absolute_effect: null,
      relative_upper: null,
      no_effect_reason: 'failed: no matured units yet',
      control_units: null,
    },
  ]);
  const [decision] = await rows('SELECT verdict, exposed_units, crossed_units, as_of_date FROM experiment_decisions');
  assert.deepEqual(decision, { verdict: 'keep-running', exposed_units: 7, crossed_units: 3, as_of_date: '2026-04-01' });
});

test('invalid shows the reason and no effect, also where one was known before', async () => {
  await tables.writeScorecard(scorecard(), DEFINITION);
  const summary = 'No effect is shown: the split is not as defined.';
  const invalid = scorecard({ verdict: 'invalid', summary, readouts: [], computedAtMs: START_MS + 1_000 });
  await tables.writeScorecard(invalid, DEFINITION);
  const found = await rows(
    'SELECT DISTINCT verdict, is_valid, absolute_effect, relative_effect, p_value, no_effect_reason FROM experiment_results',
  );
  assert.deepEqual(found, [
    {
      verdict: 'invalid',
      is_valid: false,
      absolute_effect: null,
      relative_effect: null,
      p_value: null,
      no_effect_reason: summary,
    },
  ]);
});

test('writing again changes nothing, and an older scorecard that comes late does not take the place of a newer one', async () => {
  const all = async () =>
    await Promise.all(
      ['experiment_results', 'experiment_results_history', 'experiment_decisions'].map((table) =>
        rows(`SELECT * FROM ${table} ORDER BY ALL`),
      ),
    );
  await tables.writeScorecard(scorecard({ computedAtMs: START_MS + 5_000, summary: 'newer' }), DEFINITION);
  const before = await all();
  await tables.writeScorecard(scorecard({ computedAtMs: START_MS + 5_000, summary: 'newer' }), DEFINITION);
  await tables.writeScorecard(scorecard({ summary: 'older', verdict: 'ship' }), DEFINITION);
  assert.deepEqual(await all(), before);
});

test('the history keeps the last look of each day, and epochs apart', async () => {
  for (const [epoch, days] of [
    [1, 0],
    [1, 0.5],
    [1, 1],
    [2, 1],
  ] as const)
    await tables.writeScorecard(scorecard({ epoch, computedAtMs: START_MS + days * DAY_MS }), DEFINITION);
  const decisions = await rows('SELECT epoch, as_of FROM experiment_decisions ORDER BY epoch, as_of');
  assert.deepEqual(decisions, [
    { epoch: 1, as_of: new Date(START_MS + 0.5 * DAY_MS) },
    { epoch: 1, as_of: new Date(START_MS + DAY_MS) },
    { epoch: 2, as_of: new Date(START_MS + DAY_MS) },
  ]);
  assert.deepEqual(await rows('SELECT COUNT(*) AS n FROM experiment_results_history'), [{ n: 6 }]);
  assert.deepEqual(await rows('SELECT epoch, COUNT(*) AS n FROM experiment_results GROUP BY epoch ORDER BY epoch'), [
    { epoch: 1, n: 2 },
    { epoch: 2, n: 2 },
  ]);
});

test('a late exposure restates its day, and only that one', async () => {
  const days = () => dailyCounts(warehouse);
  await warehouse.appendEvents(
    exposures(0, 0, [
      ['u1', 0],
      ['u2', 0.1],
      ['u1', 0.2],
      ['u3', 1],
    ]),
  );
  await tables.refreshExposures();
  assert.deepEqual(await days(), [
    ['2026-04-01', 3, 2],
    ['2026-04-02', 1, 1],
  ]);
  // Whatever is not touched must not be counted again: a mark on the second day stays.
  await warehouse.execute([
    { sql: "UPDATE exposures_daily SET units = 99 WHERE exposure_date = '2026-04-02'", parameters: {} },
  ]);
  await warehouse.appendEvents(
    exposures(1, 0, [
      ['u4', 0.3],
      ['u5', 7],
    ]),
  );
  await tables.refreshExposures();
  await tables.refreshExposures();
  assert.deepEqual(await days(), [
    ['2026-04-01', 4, 3],
    ['2026-04-02', 1, 99],
    ['2026-04-08', 1, 1],
  ]);
});

test('dead letters are copied once, without what they say of users', async () => {
  const letters: RefusedEvent[] = Array.from({ length: 1_700 }, (_, index) => ({
    id: BigInt(index + 1),
    reason: 'amount_paise is missing',
    payload: { eventType: 'deposit_succeeded', eventId: `e${index}`, userId: 'u1', serviceName: 'payments' },
    receivedAtMs: START_MS + index,
  })).toReversed();
  const newest = ({ limit }: { readonly limit: number }) => Promise.resolve(letters.slice(0, limit));
  await tables.copyDeadLetters(newest);
  await tables.copyDeadLetters(newest);
  // One that was numbered before the newest and became visible after it.
  const [late] = letters.splice(20, 1);
  await warehouse.execute([{ sql: `DELETE FROM dead_letters WHERE dead_letter_id = ${late?.id}`, parameters: {} }]);
  await tables.copyDeadLetters(newest);
  assert.deepEqual(await rows('SELECT COUNT(*) AS n FROM dead_letters'), [{ n: 1_699 }]);
  letters.splice(20, 0, ...(late === undefined ? [] : [late]));
  letters.unshift({ id: 1_701n, reason: 'no JSON', payload: {}, receivedAtMs: START_MS + 2_000 });
  await tables.copyDeadLetters(newest);
  assert.deepEqual(await rows('SELECT COUNT(*) AS n, COUNT(DISTINCT dead_letter_id) AS ids FROM dead_letters'), [
    { n: 1_701, ids: 1_701 },
  ]);
  const [last] = await rows('SELECT * FROM dead_letters ORDER BY dead_letter_id DESC LIMIT 1');
  assert.deepEqual(last, {
    dead_letter_id: 1_701,
    received_at: new Date(START_MS + 2_000),
    reason: 'no JSON',
    event_type: null,
    event_id: null,
    service_name: null,
  });
  assert.doesNotMatch(JSON.stringify(await rows('SELECT * FROM dead_letters LIMIT 5')), /u1/);
});

test('the warehouse explains its own tables', async () => {
  await tables.writeScorecard(scorecard(), DEFINITION);
  for (const table of RESULT_TABLES) {
    const columns = await rows(
      `SELECT column_name, comment, is_nullable FROM duckdb_columns() WHERE table_name = '${table.name}' ORDER BY column_index`,
    );
    assert.deepEqual(
      columns,
      table.columns.map(({ name, description, isRequired }) => ({
        column_name: name,
        comment: description,
        is_nullable: !isRequired,
      })),
    );
  }
});
