import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Collector, readAll } from '../../event-bus/contract/collector.ts';
import { EventLogUnavailableError } from '../../event-bus/errors.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startRestartablePostgres } from '../support/postgres.ts';
import { assertOrderedByUser, startLoad } from './load.ts';
import { OUTCOME_REGISTRY, outcomes } from './outcomes.ts';

const PUBLISHERS = 3;
const BATCH = 40;
const RESTARTS = ['orderly', 'killed', 'killed', 'orderly'] as const;

test('PostgreSQL restarted under load: what was acknowledged is there, in order, and consumers go on', async (t) => {
  const postgres = await startRestartablePostgres();
  t.after(() => postgres.stop());
  const bus = await openEventLog({ url: postgres.url, registry: OUTCOME_REGISTRY, onError: () => undefined });
  const warehouse = await openDuckDb({ file: ':memory:' });
  t.after(() => warehouse.close());
  const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });
  const collector = new Collector();
  const consumer = await bus.consume({ group: 'bus-kept', maxBatchSize: 100, onBatch: collector.onBatch });
  t.after(() => bus.close());

  const load = startLoad(bus, { publishers: PUBLISHERS, batchSize: BATCH });
  for (const how of RESTARTS) {
    await load.acknowledgedMore(PUBLISHERS * 10 * BATCH);
    const before = collector.events.length;
    await postgres.restart(how);
    await load.acknowledgedMore(BATCH);
    await collector.until(() => collector.events.length > before);
  }
  const sent = await load.stop();
  await Promise.all([ingest.caughtUp(), consumer.caughtUp()]);

  const stored = (await readAll(bus)).flatMap(({ events }) => events);
  const ids = new Set(sent.map(({ eventId }) => eventId));
  assert.deepEqual(new Set(stored.map(({ eventId }) => eventId)), ids);
  assert.deepEqual(new Set(collector.ids), ids);
  const [counts] = await warehouse.query<{ rows: number; ids: number }>({
    sql: 'SELECT count(*) AS rows, count(DISTINCT event_id) AS ids FROM raw_events',
    parameters: {},
  });
  assert.deepEqual(counts, { rows: ids.size, ids: ids.size });
  assertOrderedByUser(stored);
});

test('a publish that PostgreSQL never confirmed is not called a success, and publishing again succeeds', async (t) => {
  const postgres = await startRestartablePostgres();
  t.after(() => postgres.stop());
  const bus = await openEventLog({ url: postgres.url, registry: OUTCOME_REGISTRY, retryForMs: 0 });
  t.after(() => bus.close());
  await bus.publish(outcomes(0, 0, 10));
  await postgres.halt();
  await assert.rejects(bus.publish(outcomes(0, 10, 10)), EventLogUnavailableError);
  await postgres.start();
  await bus.publish(outcomes(0, 10, 10));
  const stored = (await readAll(bus)).flatMap(({ events }) => events);
  assert.equal(new Set(stored.map(({ eventId }) => eventId)).size, 20);
});
