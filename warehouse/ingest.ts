import type { Logger } from 'pino';
import type { EventBatch, EventBus } from '../event-bus/port.ts';
import { startConsumer } from '../event-bus/consumer/start-consumer.ts';
import type { Warehouse } from './port.ts';

const BATCH_SIZE = 5_000;
const DAY_MS = 86_400_000;
const GROUP = 'warehouse-ingest';

export interface IngestOptions {
  readonly bus: EventBus;
  readonly warehouse: Warehouse;
  readonly logger: Logger;
  /** An event that comes later than this after it happened counts as late. It is kept like any other. Default: 3 days. */
  readonly restatementWindowMs?: number;
}

/** What was ingested since this ingest was started. */
export interface IngestStatistics {
  readonly rows: number;
  /** Events of an id that the warehouse had already; not stored again. */
  readonly duplicates: number;
  /** Rows that came later than the restatement window after they happened. */
  readonly late: number;
  readonly batches: number;
  /** Attempts that failed and were made again. */
  readonly failures: number;
  /** Events that the warehouse can never take; they are in the dead letters. */
  readonly refused: number;
}

export interface Ingest {
  /** Resolves once everything published before the call is in the warehouse. */
  caughtUp(): Promise<void>;
  /** Finishes the batch at hand and resolves. */
  stop(): Promise<void>;
  statistics(): IngestStatistics;
}

/**
 * Brings events from the bus into the warehouse. Its place in the log is stored in the warehouse, in the transaction of the rows: it may
 * be killed at any moment and neither loses nor doubles an event.
 */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { bus, warehouse, logger, restatementWindowMs = 3 * DAY_MS } = options;
  const counts = { rows: 0, duplicates: 0, late: 0, batches: 0, failures: 0, refused: 0 };
  const consumer = await startConsumer({
    bus,
    group: GROUP,
    maxBatchSize: warehouse.preferredBatchSize ?? BATCH_SIZE,
    offsets: { load: (partition) => warehouse.ingestedOffset(partition) },
    handle: async (batch) => {
      const rows = await warehouse.appendEvents(batch);
      const late = countLate(batch, restatementWindowMs);
      counts.rows += rows;
      counts.duplicates += batch.events.length - rows;
      counts.late += late;
      counts.batches += 1;
      if (late > 0) logger.info({ partition: batch.partition, late }, 'late events were ingested');
    },
    onDeadLetter: ({ event, error }) => {
      counts.refused += 1;
      logger.error({ err: error, eventId: event.eventId }, 'an event cannot be ingested; it is in the dead letters');
    },
    onFailure: (error, batch, attempt) => {
      counts.failures += 1;
      logger.error(
        { err: error, partition: batch.partition, nextOffset: String(batch.nextOffset), attempt },
        'a batch could not be ingested; it is tried again',
      );
    },
  });
  return {
    caughtUp: () => consumer.caughtUp(),
    stop: () => consumer.stop(),
    statistics: () => ({ ...counts }),
  };
}

function countLate(batch: EventBatch, windowMs: number): number {
  return batch.events.filter((event) => event.ingestedAtMs - event.timestampMs > windowMs).length;
}
