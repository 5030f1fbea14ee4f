import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { SCHEMA, type Database } from './schema.ts';

/** Any number that nothing else locks in this database. */
const MIGRATION_LOCK = 7_310_002;

/** Brings the monitor's schema up to date; one process migrates, others that start meanwhile wait for it. */
export async function migrate(database: Database): Promise<void> {
  await database.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
        migrationTableSchema: SCHEMA,
      });
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined) throw new Error('live monitor: the schema could not be migrated', { cause: error });
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

const MIGRATIONS: Record<string, Migration> = {
  '0001_units_and_outcomes': {
    async up(database: Kysely<unknown>) {
      for (const statement of FIRST_SCHEMA.split(/;\n\n/)) await sql.raw(statement).execute(database);
    },
  },
};

const FIRST_SCHEMA = `
create table umpire_live_monitor.positions (
  partition integer primary key,
  next_offset bigint not null
);

create table umpire_live_monitor.watched (
  experiment_key text not null,
  epoch integer not null,
  document json not null,
  primary key (experiment_key, epoch)
);

create table umpire_live_monitor.links (
  user_id text primary key,
  device_id text not null
);

create index links_by_device on umpire_live_monitor.links (device_id);

create table umpire_live_monitor.units (
  experiment_key text not null,
  epoch integer not null,
  unit_id text not null,
  variant text not null,
  first_exposed_at_ms bigint not null,
  partition integer not null,
  log_offset bigint not null,
  primary key (experiment_key, epoch, unit_id)
);

create index units_by_id on umpire_live_monitor.units (unit_id);

create table umpire_live_monitor.unit_values (
  experiment_key text not null,
  epoch integer not null,
  metric_key text not null,
  unit_id text not null,
  value double precision not null,
  primary key (experiment_key, epoch, metric_key, unit_id)
);

create table umpire_live_monitor.outcomes (
  event_id text primary key,
  event_type text not null,
  user_id text,
  anonymous_id text,
  occurred_at_ms bigint not null,
  properties json not null
);

create index outcomes_by_user on umpire_live_monitor.outcomes (user_id);

create index outcomes_by_anonymous_id on umpire_live_monitor.outcomes (anonymous_id) where user_id is null;

create index outcomes_by_time on umpire_live_monitor.outcomes (occurred_at_ms);

create table umpire_live_monitor.breaches (
  experiment_key text not null,
  epoch integer not null,
  detected_at_ms bigint not null,
  document json not null,
  kill_id text,
  is_told boolean not null default false,
  primary key (experiment_key, epoch)
);
`;

/** What was made once, and the table that says so. */
export const LIVE_MONITOR_MIGRATIONS = { table: `${SCHEMA}.kysely_migration`, names: Object.keys(MIGRATIONS) };
