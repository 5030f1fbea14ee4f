import { randomBytes } from 'node:crypto';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { SCHEMA, type Database } from './schema.ts';

/** Any number that nothing else locks in this database. */
export const MIGRATION_LOCK = 7_310_001;

/** Brings the schema up to date. Any number of processes may do so at once: one migrates, the others wait for it. */
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
      if (error !== undefined) throw new Error('control store: the schema could not be migrated', { cause: error });
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

/** The migrations that this build knows, in order. */
export function migrationNames(): readonly string[] {
  return Object.keys(MIGRATIONS).toSorted();
}

/** Makes the schema as it was after a migration, within a transaction that the caller has begun on this connection. */
export async function migrateWithin(connection: Database, lastName: string): Promise<void> {
  const migrator = new Migrator({
    db: connection,
    provider: { getMigrations: () => Promise.resolve(MIGRATIONS) },
    migrationTableSchema: SCHEMA,
    disableTransactions: true,
  });
  const { error } = await migrator.migrateTo(lastName);
  if (error !== undefined) throw new Error(`control store: no migration to ${lastName}`, { cause: error });
}

const MIGRATIONS: Record<string, Migration> = {
  '0001_definitions_and_experiments': {
    async up(database: Kysely<unknown>) {
      const first = Ruleset.encode(Ruleset.fromPartial({ version: 1, publishedAt: new Date() })).finish();
      for (const statement of FIRST_SCHEMA.split(/;\n\n/)) await sql.raw(statement).execute(database);
      await sql`insert into umpire_control.rulesets values (1, now(), ${Buffer.from(first)}, null)`.execute(database);
    },
  },
  '0002_restores': {
    async up(database: Kysely<unknown>) {
      await sql.raw(RESTORES).execute(database);
    },
  },
  '0003_erasures': {
    async up(database: Kysely<unknown>) {
      for (const statement of ERASURES.split(/;\n\n/)) await sql.raw(statement).execute(database);
      await sql`insert into umpire_control.erasure_key (key) values (${randomBytes(32)})`.execute(database);
    },
  },
  '0004_causal_questions': {
    async up(database: Kysely<unknown>) {
      await sql.raw(CAUSAL_QUESTIONS).execute(database);
    },
  },
};

const CAUSAL_QUESTIONS = `
create table umpire_control.causal_questions (
  question_id text primary key,
  question json not null,
  asked_at timestamptz not null,
  state text not null,
  detail text not null,
  finished_at timestamptz,
  report json
)`;

const ERASURES = `
create table umpire_control.erasure_key (
  is_only boolean primary key default true check (is_only),
  key bytea not null
);

create table umpire_control.erased_ids (
  id_hash bytea primary key,
  erased_until timestamptz not null,
  change bigint generated always as identity
);

create table umpire_control.erasures (
  erasure_id text primary key,
  subject_hash bytea not null,
  requested_at timestamptz not null,
  actor text not null,
  reason text not null,
  is_dry_run boolean not null,
  erased_until timestamptz not null,
  finished_at timestamptz,
  receipt json
);

create table umpire_control.erasure_subjects (
  erasure_id text primary key references umpire_control.erasures,
  user_id text not null,
  device_ids text[] not null
);
`;

const RESTORES = `
create table umpire_control.restores (
  id integer generated always as identity primary key,
  restored_at timestamptz not null,
  actor text not null,
  reason text not null,
  backup_created_at timestamptz not null,
  backup_version integer not null,
  version_floor integer not null
)`;

const FIRST_SCHEMA = `
create table umpire_control.definition_versions (
  kind text not null,
  key text not null,
  version integer not null check (version >= 1),
  document json not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (kind, key, version)
);

create table umpire_control.experiments (
  key text primary key,
  flag_key text not null,
  epoch integer not null check (epoch >= 0),
  definition_version integer not null,
  status text not null,
  status_reason text not null,
  stage integer not null check (stage >= 0),
  enrolled_basis_points integer not null check (enrolled_basis_points between 0 and 10000),
  shipped_variant text,
  started_at timestamptz,
  enrolled_at timestamptz,
  analysis_closed_at timestamptz,
  reserved_buckets json not null,
  holdback_basis_points integer not null check (holdback_basis_points between 0 and 10000),
  revision integer not null
);

create table umpire_control.kills (
  kill_id text primary key,
  target_kind text not null check (target_kind in ('flag', 'experiment')),
  target_key text not null,
  actor text not null,
  reason text not null,
  killed_at timestamptz not null,
  ruleset_version integer not null,
  revoked_at timestamptz,
  revoked_version integer
);

create index kills_in_force on umpire_control.kills (target_kind, target_key) where revoked_at is null;

create table umpire_control.rulesets (
  version integer primary key,
  published_at timestamptz not null,
  ruleset bytea not null,
  delta bytea
);

create table umpire_control.steps (
  step_key text primary key,
  request text not null,
  result json not null,
  done_at timestamptz not null
);

create table umpire_control.audit (
  id integer generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  reason text not null,
  detail json not null
);

create index audit_by_subject on umpire_control.audit (subject, id);

create table umpire_control.user_hashes (
  user_id text primary key,
  device_id text unique,
  fixed_at timestamptz not null
);

create table umpire_control.scorecards (
  experiment_key text not null,
  epoch integer not null,
  computed_at timestamptz not null,
  document json not null,
  primary key (experiment_key, epoch, computed_at)
);

create function umpire_control.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end
$$;

create trigger audit_is_append_only before update or delete or truncate on umpire_control.audit
  for each statement execute function umpire_control.refuse_change();

create trigger definitions_are_append_only before update or delete or truncate on umpire_control.definition_versions
  for each statement execute function umpire_control.refuse_change();
`;

/** What was made once, and the table that says so. */
export const CONTROL_STORE_MIGRATIONS = { table: `${SCHEMA}.kysely_migration`, names: Object.keys(MIGRATIONS) };
