import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createJudge, type JudgeParts } from '../activities/judge.ts';
import type { Event } from '../event-bus/event.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { experimentDefinition, experimentRecord, metricDefinition } from '../scorecard/testing/inputs.ts';
import { openBigQuery } from '../warehouse/bigquery/bigquery.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { startIngest } from '../warehouse/ingest.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { OUTCOME_REGISTRY, seededRandom } from './ingest/outcomes.ts';
import { startTestEmulator, whyNoEmulator } from './support/bigquery-emulator.ts';
import { startTestPostgres } from './support/postgres.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 3, 1);
const UNITS = 1_200;

/** Exposures over two days, deposits before and after; some events late, some published twice. */
function simulated(): Event[] {
  const random = seededRandom(7);
  const events: Event[] = [];
  const push = (event: Pick<Event, 'eventType' | 'timestampMs' | 'properties'> & Partial<Event>): void => {
    const id = `00000000-0000-4000-8000-${events.length.toString(16).padStart(12, '0')}`;
    const rest = { userId: null, anonymousId: null, experimentKey: null, epoch: null, variant: null, decisionId: null };
    events.push({ eventId: id, schemaVersion: 1, serviceName: 'test', ...rest, ...event });
  };
  const deposit = (userId: string, timestampMs: number): void =>
    push({ eventType: 'deposit_succeeded', timestampMs, userId, properties: { sequence: 1, amount_paise: 10_000 } });
  for (let unit = 0; unit < UNITS; unit += 1) {
    const userId = `user-${unit}`;
    const variant = unit % 2 === 0 ? 'control' : 'retry';
    const timestampMs = START_MS + unit * 144_000;
    const segments = { device: unit % 4 < 2 ? 'android' : 'ios' };
    const base = { reason: 'REASON_SPLIT', unit_type: 'user', unit_id: userId, segments };
    const properties = { ...base, flag_key: 'upi_retry', ruleset_version: 1 };
    const assigned = { userId, experimentKey: 'upi_retry', epoch: 1, variant };
    push({ eventType: 'exposure', timestampMs, ...assigned, properties });
    if (random() < 0.4) deposit(userId, timestampMs - HOUR_MS);
    if (random() < (variant === 'retry' ? 0.6 : 0.4)) deposit(userId, timestampMs + HOUR_MS);
  }
  // What came first need not have happened first.
  return events.sort((a, b) => (a.eventId.at(-1) ?? '').localeCompare(b.eventId.at(-1) ?? ''));
}

async function scorecardOf(warehouse: Warehouse): Promise<Scorecard> {
  const metric = { ...metricDefinition('deposited', 'increase'), covariateMs: DAY_MS };
  const metrics = { primary: 'deposited', secondary: [], guardrails: [] };
  const getDefinition = (kind: string) =>
    Promise.resolve({
      definition: kind === 'metric' ? metric : experimentDefinition({ metrics }),
      version: 1,
      createdBy: 'test',
      createdAtMs: START_MS,
    });
  const controlStore: JudgeParts['controlStore'] = {
    getExperiment: (key) => Promise.resolve(experimentRecord({ key })),
    getDefinition: getDefinition as JudgeParts['controlStore']['getDefinition'],
  };
  return await createJudge({ warehouse, controlStore, clock: () => START_MS + 8 * DAY_MS })('upi_retry');
}

const skip = await whyNoEmulator();
const TIMEOUT_MS = 240_000;

test(
  'the same log gives the same scorecard from BigQuery and from DuckDB',
  { skip, timeout: TIMEOUT_MS },
  async (t) => {
    const postgres = await startTestPostgres();
    t.after(() => postgres.stop());
    const emulator = await startTestEmulator();
    t.after(() => emulator.stop());
    const bus = await openEventLog({ url: postgres.url, registry: OUTCOME_REGISTRY });
    t.after(() => bus.close());
    const { apiEndpoint } = emulator;
    const place = { project: 'scorecards', dataset: 'umpire', apiEndpoint, createDataset: true, appendEveryMs: 0 };
    const warehouses: Warehouse[] = [await openDuckDb({ file: ':memory:' }), await openBigQuery(place)];

    const events = simulated();
    const published = await bus.publish([...events, ...events.slice(0, 50)]);
    assert.ok(published.every(({ status }) => status === 'accepted'));

    const scorecards: Scorecard[] = [];
    // One after the other: two of them at once would share the log's partitions.
    for (const warehouse of warehouses) {
      const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'warn' }, pino.destination(2)) });
      await ingest.caughtUp();
      await ingest.stop();
      const { rows, duplicates, failures } = ingest.statistics();
      assert.deepEqual({ rows, duplicates, failures }, { rows: events.length, duplicates: 50, failures: 0 });
      scorecards.push(await scorecardOf(warehouse));
      await warehouse.close();
    }
    const [embedded, bigQuery] = scorecards;
    assert.equal(
      embedded?.split?.counts.reduce((sum, { units }) => sum + units, 0),
      UNITS,
    );
    assert.notEqual(embedded.readouts.length, 0);
    // Counts of 0 and 1 add up exactly in whatever order, so nothing may differ.
    assert.deepEqual(bigQuery, embedded);
  },
);
