import {
  Kysely,
  PostgresDialect,
  type PostgresCursor,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import type { ClientBase, QueryResultRow } from 'pg';
import type { ControlDatabase, Database } from './schema.ts';

/** Queries on one connection that the caller holds, within whatever transaction he has begun there. */
export function onConnection(client: ClientBase): Database {
  const borrowed = new BorrowedConnection(client);
  const pool = { connect: () => Promise.resolve(borrowed), end: () => Promise.resolve() };
  return new Kysely<ControlDatabase>({ dialect: new PostgresDialect({ pool }) });
}

class BorrowedConnection implements PostgresPoolClient {
  readonly #client: ClientBase;

  constructor(client: ClientBase) {
    this.#client = client;
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    text: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new TypeError('a borrowed connection reads no cursors');
    return this.#run<R>(text, parameters);
  }

  async #run<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const result = await this.#client.query<QueryResultRow & R>(text, [...parameters]);
    const command = result.command as PostgresQueryResult<R>['command'];
    return { command, rowCount: result.rowCount ?? 0, rows: result.rows };
  }

  /** It stays the caller's. */
  release(): void {
    return;
  }
}
