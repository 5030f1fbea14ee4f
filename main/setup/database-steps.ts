import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import { CONTROL_STORE_MIGRATIONS } from '../../control-store/postgres/migrations.ts';
import { openControlStore } from '../../control-store/postgres/open.ts';
import { EVENT_LOG_MIGRATIONS } from '../../event-bus/postgres/migrate.ts';
import { LIVE_MONITOR_MIGRATIONS, migrate as migrateLiveMonitor } from '../../live-monitor/postgres/migrations.ts';
import type { LiveMonitorTables } from '../../live-monitor/postgres/schema.ts';
import { requireDatabase, type Configuration } from '../configuration.ts';
import { missingTopicsOf, openEventBus } from '../open-event-bus.ts';
import { missingTablesOf, openWarehouse } from '../open-warehouse.ts';
import type { SetupStep } from './step.ts';

/** Names of migrations, and the table that says which were made. */
interface Migrations {
  readonly table: string;
  readonly names: readonly string[];
}

export function controlStoreStep(url: string, logger: Logger): SetupStep {
  return {
    name: 'control store',
    missing: () => pending(url, CONTROL_STORE_MIGRATIONS),
    make: async () => {
      const store = await openControlStore({ url, logger });
      await store.close();
    },
  };
}

export function liveMonitorStep(url: string): SetupStep {
  return {
    name: 'live monitor',
    missing: () => pending(url, LIVE_MONITOR_MIGRATIONS),
    make: async () => {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      const database = new Kysely<LiveMonitorTables>({ dialect: new PostgresDialect({ pool }) });
      try {
        await migrateLiveMonitor(database);
      } finally {
        await database.destroy();
      }
    },
  };
}

/** Tables of BigQuery. */
export function warehouseStep(configuration: Configuration, logger: Logger): SetupStep {
  return {
    name: 'warehouse',
    missing: async () => (await missingTablesOf(configuration)) ?? [],
    make: async () => {
      const warehouse = await openWarehouse(configuration, logger);
      await warehouse.close();
    },
  };
}

/** Tables of the embedded log, or topics of Kafka. */
export function eventBusStep(configuration: Configuration, logger: Logger): SetupStep {
  return {
    name: 'event bus',
    missing: async () =>
      (await missingTopicsOf(configuration)) ?? (await pending(requireDatabase(configuration), EVENT_LOG_MIGRATIONS)),
    make: async () => {
      const bus = await openEventBus(configuration, logger);
      await bus.close();
    },
  };
}

async function pending(url: string, { table, names }: Migrations): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const made = await madeMigrations(client, table);
    return names.filter((name) => !made.has(name)).map((name) => `migration ${name} of PostgreSQL`);
  } finally {
    await client.end();
  }
}

async function madeMigrations(client: pg.Client, table: string): Promise<ReadonlySet<string>> {
  const { rows: known } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    table,
  ]);
  if (known[0]?.exists !== true) return new Set();
  const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
  return new Set(rows.map(({ name }) => name));
}
