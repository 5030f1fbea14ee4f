import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { CONTRACT_REGISTRY, sampleEvent, sampleEvents } from '../event-bus/contract/sample-events.ts';
import type { EventBus } from '../event-bus/port.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import type { PostgresServer } from '../parts/postgres.ts';
import { startTestPostgres } from '../tests/support/postgres.ts';
import { openDuckDb, type DuckDbWarehouse } from './duckdb.ts';
import { startIngest } from './ingest.ts';

const NOW_MS = Date.UTC(2026, 3, 10);
const DAY_MS = 86_400_000;
const logger = pino({ level: 'silent' });

describe('ingest', () => {
  let postgres: PostgresServer;
  before(async () => {
    postgres = await startTestPostgres();
  });
  after(() => postgres.stop());

  async function open(
    database: string,
  ): Promise<{ bus: EventBus; warehouse: DuckDbWarehouse; close(): Promise<void> }> {
    const url = await postgres.createDatabase(database);
    const bus = await openEventLog({ url, registry: CONTRACT_REGISTRY, clock: () => NOW_MS });
    const warehouse = await openDuckDb({ file: ':memory:', threads: 1 });
    return {
      bus,
      warehouse,
      close: async () => {
        await bus.close();
        await warehouse.close();
      },
    };
  }

  test('brings everything, counts duplicates and late events, and goes on where the warehouse is', async () => {
    const { bus, warehouse, close } = await open('counts');
    const onTime = sampleEvents(10, 10).map((event) => ({ ...event, timestampMs: NOW_MS - 1_000 }));
    const late = [1, 2, 3].map((n) => sampleEvent('late-one', n, { timestampMs: NOW_MS - 3 * DAY_MS - n }));
    await bus.publish([...onTime, ...late]);
    await bus.publish(onTime.slice(0, 7));
    const first = await startIngest({ bus, warehouse, logger });
    await first.caughtUp();
    await first.stop();
    const { batches, ...counts } = first.statistics();
    assert.ok(batches > 0);
    assert.deepEqual(counts, { rows: 103, duplicates: 7, late: 3, failures: 0, refused: 0 });

    await bus.publish(sampleEvents(5, 1, 100));
    const second = await startIngest({ bus, warehouse, logger });
    await second.caughtUp();
    await second.stop();
    assert.equal(second.statistics().rows, 5);
    const rows = await warehouse.query({
      sql: 'SELECT CAST(sum(duplicate_count) AS BIGINT) AS duplicates, (SELECT count(*) FROM raw_events) AS n FROM ingest_offsets',
      parameters: {},
    });
    assert.deepEqual(rows, [{ duplicates: 7, n: 108 }]);
    await close();
  });

  test('a batch that the warehouse refuses is tried again; nothing is skipped', async () => {
    const { bus, warehouse, close } = await open('refused');
    await bus.publish(sampleEvents(10, 10));
    let refusals = 0;
    const ingest = await startIngest({
      bus,
      logger,
      warehouse: {
        dialectName: 'duckdb',
        query: (statement) => warehouse.query(statement),
        execute: (statements) => warehouse.execute(statements),
        ingestedOffset: (partition) => warehouse.ingestedOffset(partition),
        close: () => warehouse.close(),
        appendEvents: async (batch) => {
          refusals += 1;
          if (refusals <= 3) throw new Error('the disk is full');
          return await warehouse.appendEvents(batch);
        },
      },
    });
    await ingest.caughtUp();
    await ingest.stop();
    const { rows, failures } = ingest.statistics();
    assert.deepEqual({ rows, failures }, { rows: 100, failures: 3 });
    await close();
  });
});
