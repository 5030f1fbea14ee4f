import { sql, type Kysely } from 'kysely';
import { pause } from '../pause.ts';
import { connectEventLog } from './database.ts';
import type { EventLogTables } from './tables.ts';

export interface RetentionOptions {
  readonly url: string;
  /** Events that were stored longer ago than this are deleted once every group has read them. */
  readonly retentionMs: number;
  /** How often. Default: every ten minutes. */
  readonly everyMs?: number;
  /** Told of failures; it is tried again the next time. */
  readonly onError: (error: Error) => void;
  readonly onDeleted?: (events: number) => void;
}

const EVERY_MS = 600_000;
const CHUNK = 10_000;
/** A group that was not seen for so long is gone, and holds nothing back any more. */
export const GONE_AFTER_DAYS = 30;

/** Deletes old events for as long as it is not stopped. Several processes may do so at once. */
export function startRetention(options: RetentionOptions): { stop(): Promise<void> } {
  const { everyMs = EVERY_MS, retentionMs, onError, onDeleted } = options;
  const db = connectEventLog(options.url, onError);
  const stopping = new AbortController();
  const stopped = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const deleted = await deleteOldEvents(db, retentionMs, stopping.signal);
        if (deleted > 0) onDeleted?.(deleted);
      } catch (error) {
        onError(new Error('old events could not be deleted from the event log; trying again later', { cause: error }));
      }
      await pause(everyMs, stopping.signal);
    }
    await db.destroy();
  })();
  return {
    stop: async () => {
      stopping.abort();
      await stopped;
    },
  };
}

/**
 * Deletes events that are older than the retention and that every group has read; a log that nobody reads keeps everything. Small
 * transactions, so that appends never wait. Resolves with how many were deleted.
 */
export async function deleteOldEvents(
  db: Kysely<EventLogTables>,
  retentionMs: number,
  signal?: AbortSignal,
): Promise<number> {
  const partitions = await db.selectFrom('event_log_partitions').select('partition').orderBy('partition').execute();
  let total = 0;
  for (const { partition } of partitions) {
    for (let deleted = CHUNK; deleted === CHUNK && signal?.aborted !== true; total += deleted) {
      deleted = await deleteChunk(db, partition, retentionMs);
    }
  }
  return total;
}

async function deleteChunk(db: Kysely<EventLogTables>, partition: number, retentionMs: number): Promise<number> {
  const result = await sql`
    WITH read AS (
      SELECT min(coalesce(own.next_offset, 0)) AS up_to
      FROM event_log_groups AS each
      LEFT JOIN event_log_offsets AS own ON own.group_id = each.id AND own.partition = ${partition}::integer
      WHERE each.seen_at > now() - make_interval(days => ${GONE_AFTER_DAYS}::integer)
    ), oldest AS (
      SELECT "offset" FROM event_log_events
      WHERE partition = ${partition}::integer AND "offset" < (SELECT up_to FROM read)
      ORDER BY "offset" LIMIT ${CHUNK}::integer
    )
    DELETE FROM event_log_events AS event USING oldest
    WHERE event.partition = ${partition}::integer AND event."offset" = oldest."offset"
      AND event.ingested_at_ms < extract(epoch FROM now()) * 1000 - ${retentionMs}::bigint`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
