import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { PartitionCountError } from '../errors.ts';
import { connectEventLog } from './database.ts';
import type { EventLogTables } from './tables.ts';

export const DEFAULT_PARTITION_COUNT = 4;

/**
 * Creates the log's tables (all named `event_log_…`) or brings them up to date. May be run at every start, by several at once.
 *
 * @throws PartitionCountError where the log exists with another number of partitions
 */
export async function migrateEventLog(
  url: string,
  options: { readonly partitionCount?: number; readonly onError?: (error: Error) => void } = {},
): Promise<void> {
  const db = connectEventLog(url, options.onError ?? (() => undefined));
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
      migrationTableName: 'event_log_migrations',
      migrationLockTableName: 'event_log_migrations_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw new Error('the event log could not be migrated', { cause: error });
    await ensurePartitions(db, options.partitionCount);
  } finally {
    await db.destroy();
  }
}

async function ensurePartitions(db: Kysely<EventLogTables>, wanted: number | undefined): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`LOCK TABLE event_log_partitions IN SHARE ROW EXCLUSIVE MODE`.execute(transaction);
    const { count } = await transaction
      .selectFrom('event_log_partitions')
      .select((select) => select.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    const existing = Number(count);
    if (existing > 0) {
      if (wanted !== undefined && wanted !== existing) {
        throw new PartitionCountError(existing, wanted, 'the event log', 'in another database');
      }
      return;
    }
    const partitionCount = wanted ?? DEFAULT_PARTITION_COUNT;
    if (!Number.isInteger(partitionCount) || partitionCount < 1 || partitionCount > 1024) {
      throw new RangeError(`partitionCount must be a whole number from 1 to 1024, got ${partitionCount}`);
    }
    const rows = Array.from({ length: partitionCount }, (_, partition) => ({ partition, next_offset: 0n }));
    await transaction.insertInto('event_log_partitions').values(rows).execute();
  });
}

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001_log': {
    up: async (db) => {
      await sql`
        CREATE TABLE event_log_partitions (
          partition integer PRIMARY KEY,
          next_offset bigint NOT NULL
        )`.execute(db);
      await sql`
        CREATE TABLE event_log_events (
          partition integer NOT NULL,
          "offset" bigint NOT NULL,
          ingested_at_ms bigint NOT NULL,
          event json NOT NULL,
          PRIMARY KEY (partition, "offset")
        )`.execute(db);
      await sql`
        CREATE TABLE event_log_groups (
          name text PRIMARY KEY,
          id integer NOT NULL GENERATED ALWAYS AS IDENTITY
        )`.execute(db);
      await sql`
        CREATE TABLE event_log_offsets (
          group_id integer NOT NULL,
          partition integer NOT NULL,
          next_offset bigint NOT NULL,
          PRIMARY KEY (group_id, partition)
        )`.execute(db);
      // `json`, not `jsonb`: a refused payload may hold NUL escapes, which jsonb refuses once more.
      await sql`
        CREATE TABLE event_log_dead_letters (
          id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
          received_at_ms bigint NOT NULL,
          reason text NOT NULL,
          payload json NOT NULL
        )`.execute(db);
    },
  },
  '002_schemas': {
    up: async (db) => {
      await sql`
        CREATE TABLE event_log_schemas (
          event_type text NOT NULL,
          version integer NOT NULL,
          definition text NOT NULL,
          PRIMARY KEY (event_type, version)
        )`.execute(db);
    },
  },
  '003_groups_seen': {
    up: async (db) => {
      await sql`ALTER TABLE event_log_groups ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()`.execute(db);
    },
  },
};

/** What was made once, and the table that says so. */
export const EVENT_LOG_MIGRATIONS = { table: 'event_log_migrations', names: Object.keys(MIGRATIONS) };
