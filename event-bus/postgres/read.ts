import { sql, type Kysely } from 'kysely';
import type { Event } from '../event.ts';
import type { DeadLetter, EventBatch, Rejection } from '../port.ts';
import { readableCopy, readableText } from '../readable-copy.ts';
import type { EventLogTables } from './tables.ts';

/** What is kept in place of an event of an erased user: its offset stays. */
export const ERASED = 'null';

/** A run of one partition. Its rows become visible in the order of their offsets, so whatever is there is complete. */
export async function readBatch(
  db: Kysely<EventLogTables>,
  partition: number,
  from: bigint,
  maxEvents: number,
): Promise<EventBatch> {
  const first = await readRun(db, partition, from, maxEvents);
  if (first.nextOffset !== null) return { partition, events: first.events, nextOffset: first.nextOffset };
  // Nothing is there yet, or all of it was deleted for its age. What comes after the end as it is now must not be passed over.
  const end = (await loadEndOffsets(db)).get(partition) ?? from;
  if (end <= from) return { partition, events: [], nextOffset: from };
  const later = await readRun(db, partition, from, maxEvents);
  return { partition, events: later.events, nextOffset: later.nextOffset ?? end };
}

/** Events from an offset on, and the offset after the last row, which may hold none any more; null: there was no row. */
async function readRun(
  db: Kysely<EventLogTables>,
  partition: number,
  from: bigint,
  maxEvents: number,
): Promise<{ readonly events: EventBatch['events']; readonly nextOffset: bigint | null }> {
  const rows = await db
    .selectFrom('event_log_events')
    .select(['offset', 'ingested_at_ms', sql<string>`event::text`.as('event')])
    .where('partition', '=', partition)
    .where('offset', '>=', String(from))
    .orderBy('offset')
    .limit(maxEvents)
    .execute();
  const events = rows
    .filter((row) => row.event !== ERASED)
    .map((row) =>
      // Checked by `checkEvent` before it was stored. Added to in place: a copy of each event would cost as much as parsing it.
      Object.assign(JSON.parse(row.event) as Event, {
        ingestedAtMs: Number(row.ingested_at_ms),
        offset: BigInt(row.offset),
      }),
    );
  const last = rows.at(-1);
  return { events, nextOffset: last === undefined ? null : BigInt(last.offset) + 1n };
}

export async function loadEndOffsets(db: Kysely<EventLogTables>): Promise<ReadonlyMap<number, bigint>> {
  const rows = await db.selectFrom('event_log_partitions').selectAll().orderBy('partition').execute();
  return new Map(rows.map((row) => [row.partition, BigInt(row.next_offset)]));
}

/** The group's id, made on first use. */
export async function groupId(db: Kysely<EventLogTables>, name: string): Promise<number> {
  const find = db.selectFrom('event_log_groups').select('id').where('name', '=', name);
  const existing = await find.executeTakeFirst();
  if (existing !== undefined) return existing.id;
  await db
    .insertInto('event_log_groups')
    .values({ name })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await find.executeTakeFirstOrThrow()).id;
}

export async function loadGroupOffset(
  db: Kysely<EventLogTables>,
  group: number,
  partition: number,
): Promise<bigint | undefined> {
  const row = await db
    .selectFrom('event_log_offsets')
    .select('next_offset')
    .where('group_id', '=', group)
    .where('partition', '=', partition)
    .executeTakeFirst();
  return row === undefined ? undefined : BigInt(row.next_offset);
}

/** Only forwards: a member that lost its partition while it was at work must not put the next reader back. */
export async function storeGroupOffset(
  db: Kysely<EventLogTables>,
  group: number,
  partition: number,
  nextOffset: bigint,
): Promise<void> {
  await sql`
    INSERT INTO event_log_offsets AS stored (group_id, partition, next_offset)
    VALUES (${group}::integer, ${partition}::integer, ${String(nextOffset)}::bigint)
    ON CONFLICT (group_id, partition) DO UPDATE SET next_offset = excluded.next_offset
    WHERE stored.next_offset < excluded.next_offset`.execute(db);
}

export async function storeDeadLetters(
  db: Kysely<EventLogTables>,
  rejections: readonly Rejection[],
  receivedAtMs: number | null,
): Promise<void> {
  const reasons = rejections.map(({ reason }) => readableText(reason));
  const payloads = rejections.map(({ payload }) => JSON.stringify(readableCopy(payload)));
  await sql`
    INSERT INTO event_log_dead_letters (received_at_ms, reason, payload)
    SELECT coalesce(${receivedAtMs}::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint), reason, payload::json
    FROM unnest(${reasons}::text[], ${payloads}::text[]) AS letter (reason, payload)`.execute(db);
}

export async function loadDeadLetters(db: Kysely<EventLogTables>, limit: number): Promise<DeadLetter[]> {
  const rows = await db
    .selectFrom('event_log_dead_letters')
    .select(['id', 'received_at_ms', 'reason', sql<string>`payload::text`.as('payload')])
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: BigInt(row.id),
    reason: row.reason,
    payload: readableCopy(JSON.parse(row.payload)),
    receivedAtMs: Number(row.received_at_ms),
  }));
}
