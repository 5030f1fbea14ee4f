import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { UnprocessableEventError } from '../event-bus/consumer/unprocessable-event-error.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { bindParameters, timestampFromMs } from './duckdb-values.ts';
import { coveringSpans } from './time-spans.ts';
import { inTransaction } from './transaction.ts';

const MAX_SPANS = 16;
const MIN_GAP_MS = 3_600_000;
/** What DuckDB says of a value, and not of its file or memory. */
const DATA_ERROR = /^(Conversion|Invalid Input|Out of Range|Constraint) Error/;

type BatchEvent = EventBatch['events'][number];

/**
 * Appends what is new of a batch and moves the partition's offset, in one transaction on `connection`, which nothing else may use
 * meanwhile. Returns the number of new rows.
 */
export async function appendBatch(connection: DuckDBConnection, batch: EventBatch): Promise<number> {
  return await inTransaction(connection, async () => {
    const ingested = (await ingestedOffset(connection, batch.partition)) ?? 0n;
    if (batch.nextOffset <= ingested) return 0;
    const unseen = batch.events.filter((event) => event.offset >= ingested);
    const events = await withoutDoubles(connection, unseen);
    await appendRows(connection, batch.partition, events);
    await connection.run(
      `INSERT INTO ingest_offsets VALUES ($partition, $next_offset, $duplicates)
       ON CONFLICT (log_partition) DO UPDATE
       SET next_offset = excluded.next_offset, duplicate_count = duplicate_count + excluded.duplicate_count`,
      { partition: batch.partition, next_offset: batch.nextOffset, duplicates: unseen.length - events.length },
    );
    return events.length;
  });
}

export async function ingestedOffset(connection: DuckDBConnection, partition: number): Promise<bigint | undefined> {
  const reader = await connection.runAndReadAll(
    'SELECT next_offset FROM ingest_offsets WHERE log_partition = $partition',
    { partition },
  );
  const value = reader.getRows()[0]?.[0];
  return typeof value === 'bigint' ? value : undefined;
}

/**
 * Keeps the first of each event id. A redelivered event carries the timestamp that it had, so only rows within the batch's spans of
 * timestamps can be its first copy; min-max indexes let DuckDB skip every block outside a span. The check is exact for every redelivery,
 * and its cost follows the spans, not the table: a few stragglers do not make it search everything since their time. (An id
 * that was reused with another timestamp is left to the staging models.)
 */
async function withoutDoubles(connection: DuckDBConnection, events: readonly BatchEvent[]): Promise<BatchEvent[]> {
  const byId = new Map<string, BatchEvent>();
  for (const event of events) {
    if (!byId.has(event.eventId)) byId.set(event.eventId, event);
  }
  if (byId.size === 0) return [];
  const first = [...byId.values()];
  const times = first.map(({ timestampMs }) => timestampMs);
  for (const { earliestMs, latestMs } of coveringSpans(times, MAX_SPANS, MIN_GAP_MS)) {
    const ids = first.filter(({ timestampMs }) => timestampMs >= earliestMs && timestampMs <= latestMs);
    const { values, types } = bindParameters({
      ids: ids.map(({ eventId }) => eventId),
      earliest: new Date(earliestMs),
      latest: new Date(latestMs),
    });
    const reader = await connection.runAndReadAll(
      `SELECT event_id FROM raw_events
       WHERE occurred_at BETWEEN $earliest AND $latest AND event_id IN (SELECT UNNEST($ids))`,
      values,
      types,
    );
    for (const [id] of reader.getRows()) byId.delete(String(id));
  }
  return [...byId.values()];
}

async function appendRows(
  connection: DuckDBConnection,
  partition: number,
  events: readonly BatchEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const appender = await connection.createAppender('raw_events');
  try {
    for (const event of events) appendRow(appender, partition, event);
    appender.flushSync();
  } catch (error) {
    appender.clear();
    if (error instanceof Error && DATA_ERROR.test(error.message)) {
      throw new UnprocessableEventError(`DuckDB refuses it: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    appender.closeSync();
  }
}

/** In the order of the columns of `raw_events`. */
function appendRow(appender: DuckDBAppender, partition: number, event: BatchEvent): void {
  appender.appendVarchar(event.eventId);
  appender.appendVarchar(event.eventType);
  appender.appendBigInt(BigInt(event.schemaVersion));
  appendText(appender, event.userId);
  appendText(appender, event.anonymousId);
  appender.appendTimestamp(timestampFromMs(event.timestampMs));
  appender.appendVarchar(event.serviceName);
  appendText(appender, event.experimentKey);
  if (event.epoch === null) appender.appendNull();
  else appender.appendBigInt(BigInt(event.epoch));
  appendText(appender, event.variant);
  appendText(appender, event.decisionId);
  appender.appendVarchar(JSON.stringify(event.properties));
  appender.appendTimestamp(timestampFromMs(event.ingestedAtMs));
  appender.appendBigInt(BigInt(partition));
  appender.appendBigInt(event.offset);
  appender.endRow();
}

function appendText(appender: DuckDBAppender, text: string | null): void {
  if (text === null) appender.appendNull();
  else appender.appendVarchar(text);
}
