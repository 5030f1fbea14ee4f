import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { EventLogTables } from './tables.ts';

/**
 * Connects to the log's database, lazily. A statement on a connection that breaks rejects by itself; `onError` is told besides, since an
 * idle connection has nobody else to tell. The pool replaces it.
 */
export function connectEventLog(url: string, onError: (error: Error) => void): Kysely<EventLogTables> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    application_name: 'umpire event log',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
    keepAlive: true,
  });
  const tell = (error: Error): void =>
    onError(new Error(`a connection of the event log broke: ${error.message}`, { cause: error }));
  // Between two statements of its borrower a connection is neither idle nor busy, and the pool does not listen.
  pool.on('connect', (client) => client.on('error', tell));
  // The connection has told already; without a listener here the process would end.
  pool.on('error', () => undefined);
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}
