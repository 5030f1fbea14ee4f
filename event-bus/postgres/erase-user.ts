import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ErasedUser, FoundInBus } from '../port.ts';
import { ERASED } from './read.ts';
import type { EventLogTables } from './tables.ts';
import { retryTransient } from './transient.ts';

/** Rows that one statement looks at: quick enough for appends and readers not to notice, and for the statement's time limit. */
const ROWS_PER_STATEMENT = 20_000;
const RETRY_FOR_MS = 30_000;

const QUERY = `select count(*) from event_log_events
where (event ->> 'timestampMs')::bigint <= :until and (event ->> 'userId' = :user
  or (event ->> 'userId' is null and (event ->> 'anonymousId' = any(:devices) or event -> 'properties' ->> 'unit_id' in (:user, :devices))))`;

/** Counts the user's events and dead letters. */
export async function findUser(db: Kysely<EventLogTables>, user: ErasedUser): Promise<FoundInBus> {
  let [events, mentions] = [0, 0];
  await overLog(db, async (range) => {
    const { rows } = await sql<{ events: string; mentions: string }>`
      SELECT count(*) FILTER (WHERE ${isTheirs(user)}) AS events, count(*) FILTER (WHERE NOT ${isTheirs(user)}) AS mentions
      FROM event_log_events WHERE ${range} AND ${namesThem(user, sql`event`)} AND ${isPast(user)}`.execute(db);
    events += Number(rows[0]?.events ?? 0);
    mentions += Number(rows[0]?.mentions ?? 0);
  });
  const { rows: letters } = await sql<{ count: string }>`
    SELECT count(*) FROM event_log_dead_letters WHERE ${isTheirLetter(user)}`.execute(db);
  return {
    found: [
      { place: 'event_log_events', rows: events },
      { place: 'event_log_dead_letters', rows: Number(letters[0]?.count ?? 0) },
    ],
    query: QUERY,
    notes:
      mentions === 0
        ? []
        : [
            `${mentions} events of other users hold one of the ids in a property, such as the device that they share; they are theirs and stay`,
          ],
  };
}

/** Blanks the user's events where they are, and removes the dead letters. */
export async function eraseUser(db: Kysely<EventLogTables>, user: ErasedUser): Promise<void> {
  await overLog(db, async (range) => {
    await sql`
      UPDATE event_log_events SET event = ${ERASED}::json
      WHERE ${range} AND ${namesThem(user, sql`event`)} AND ${isPast(user)} AND ${isTheirs(user)}`.execute(db);
  });
  await retryTransient(
    () => sql`DELETE FROM event_log_dead_letters WHERE ${isTheirLetter(user)}`.execute(db),
    RETRY_FOR_MS,
  );
}

/** Goes through the log as it is now, range by range. */
async function overLog(db: Kysely<EventLogTables>, work: (range: RawBuilder<boolean>) => Promise<void>): Promise<void> {
  // The beginning of a log that is old was deleted for its age.
  const { rows } = await sql<{ partition: number; first: string; end: string }>`
    SELECT partition, next_offset AS "end",
      coalesce((SELECT min("offset") FROM event_log_events WHERE event_log_events.partition = p.partition), next_offset) AS first
    FROM event_log_partitions p ORDER BY partition`.execute(db);
  for (const { partition, first, end } of rows) {
    for (let from = BigInt(first); from < BigInt(end); from += BigInt(ROWS_PER_STATEMENT)) {
      const to = String(from + BigInt(ROWS_PER_STATEMENT));
      const range = sql<boolean>`partition = ${partition} AND "offset" >= ${String(from)} AND "offset" < ${to}`;
      await retryTransient(() => work(range), RETRY_FOR_MS);
    }
  }
}

/** Cheap, and true for every row that matters: ids stand in the JSON text as `JSON.stringify` writes them. */
function namesThem({ userId, deviceIds }: ErasedUser, column: RawBuilder<unknown>): RawBuilder<boolean> {
  const any = [userId, ...deviceIds].map((id) => sql`strpos(${column}::text, ${JSON.stringify(id)}) > 0`);
  return sql<boolean>`(${sql.join(any, sql` OR `)})`;
}

function isPast({ untilMs }: ErasedUser): RawBuilder<boolean> {
  return sql<boolean>`(event ->> 'timestampMs')::bigint <= ${untilMs}::bigint`;
}

/** Whose an event is: its user's; without one, its device's or, of an exposure, the unit's. */
function isTheirs({ userId, deviceIds }: ErasedUser): RawBuilder<boolean> {
  const ids = sql`${[userId, ...deviceIds]}::text[]`;
  return sql<boolean>`coalesce(event ->> 'userId' = ${userId} OR (event ->> 'userId' IS NULL AND (
    event ->> 'anonymousId' = any(${[...deviceIds]}::text[]) OR event -> 'properties' ->> 'unit_id' = any(${ids}))), false)`;
}

/** A dead letter has no form to rely on: it is theirs where a field that is named like an id holds one of the ids. */
function isTheirLetter({ userId, deviceIds, untilMs }: ErasedUser): RawBuilder<boolean> {
  const users = ['userId', 'user_id', 'unit_id'].map((field) => `${JSON.stringify(field)}:${JSON.stringify(userId)}`);
  const devices = deviceIds.flatMap((id) =>
    ['anonymousId', 'anonymous_id', 'deviceId', 'device_id', 'unit_id'].map(
      (field) => `${JSON.stringify(field)}:${JSON.stringify(id)}`,
    ),
  );
  const any = [...users, ...devices].map((pair) => sql`strpos(payload::text, ${pair}) > 0`);
  // Received before: when it happened may be what could not be read.
  return sql<boolean>`(received_at_ms <= ${untilMs}::bigint + ${LATE_LETTERS_MS}::bigint AND (${sql.join(any, sql` OR `)}))`;
}

/** Dead letters that come so much later than the request are still of the time before it. */
const LATE_LETTERS_MS = 60_000;
