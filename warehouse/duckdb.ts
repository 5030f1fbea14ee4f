import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventBatch } from '../event-bus/port.ts';
import { appendBatch, ingestedOffset } from './duckdb-append.ts';
import { readColumns, readRows, type NumericColumns } from './duckdb-query.ts';
import { RecoveringSession } from './duckdb-recovery.ts';
import { DuckDbSession, type SessionOptions } from './duckdb-session.ts';
import { bindParameters } from './duckdb-values.ts';
import type { Row, Statement, Warehouse } from './port.ts';
import { WarehouseQueryError } from './query-error.ts';
import { inTransaction } from './transaction.ts';

export { WarehouseInUseError } from './duckdb-file.ts';
export type { NumericColumns } from './duckdb-query.ts';
export { WarehouseQueryError } from './query-error.ts';

export type DuckDbOptions = SessionOptions;

export interface DuckDbWarehouse extends Warehouse {
  readonly dialectName: 'duckdb';
  /** Streams numeric columns into typed arrays. NULL or a column that is not numeric is an error. */
  queryColumns(statement: Statement): Promise<NumericColumns>;
}

/**
 * Opens the embedded warehouse as the only owner of its file. Where DuckDB gives itself up, as over a full disk, the call at hand fails and
 * the next one opens the file again.
 *
 * @throws WarehouseInUseError where the file is open in this or another process
 */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDbWarehouse> {
  return new DuckDb(new RecoveringSession(options, await DuckDbSession.open(options)));
}

class DuckDb implements DuckDbWarehouse {
  readonly dialectName = 'duckdb';
  readonly #file: RecoveringSession;
  #isClosed = false;

  constructor(file: RecoveringSession) {
    this.#file = file;
  }

  async query<R extends Row>(statement: Statement): Promise<readonly R[]> {
    return await this.#run((session) => session.onReader((connection) => readRows<R>(connection, statement)));
  }

  async queryColumns(statement: Statement): Promise<NumericColumns> {
    return await this.#run((session) => session.onReader((connection) => readColumns(connection, statement)));
  }

  /** @throws WarehouseQueryError; nothing of the statements is kept then */
  async execute(statements: readonly Statement[]): Promise<void> {
    await this.#run((session) =>
      session.onWriter((connection) =>
        inTransaction(connection, async () => {
          for (const statement of statements) await runStatement(connection, statement);
        }),
      ),
    );
  }

  async appendEvents(batch: EventBatch): Promise<number> {
    return await this.#run((session) => session.onIngest((connection) => appendBatch(connection, batch)));
  }

  async ingestedOffset(partition: number): Promise<bigint | undefined> {
    return await this.#run((session) => session.onIngest((connection) => ingestedOffset(connection, partition)));
  }

  /** Waits for the work at hand, writes everything into the file and gives it free. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }

  async #run<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Error('the warehouse is closed');
    return await this.#file.run(work);
  }
}

async function runStatement(connection: DuckDBConnection, statement: Statement): Promise<void> {
  const { values, types } = bindParameters(statement.parameters);
  try {
    await connection.run(statement.sql, values, types);
  } catch (error) {
    throw new WarehouseQueryError(statement, error);
  }
}
