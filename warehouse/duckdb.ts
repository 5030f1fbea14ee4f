import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { EventBatch } from '../event-bus/port.ts';
import { appendBatch, ingestedOffset } from './duckdb-append.ts';
import { openDuckDbFile, type DuckDbFile } from './duckdb-file.ts';
import { readColumns, readRows, WarehouseQueryError, type NumericColumns } from './duckdb-query.ts';
import { bindParameters } from './duckdb-values.ts';
import type { Row, Statement, Warehouse } from './port.ts';
import { RAW_EVENTS_DDL } from './raw-events-table.ts';
import { Serial } from './serial.ts';
import { inTransaction } from './transaction.ts';

export { WarehouseInUseError } from './duckdb-file.ts';
export { WarehouseQueryError, type NumericColumns } from './duckdb-query.ts';

export interface DuckDbOptions {
  /** The database file, made if missing; `:memory:` for none. */
  readonly file: string;
  /** Run once after opening, such as the macros that make portable SQL run on DuckDB. */
  readonly initialStatements?: readonly string[];
  /** How many queries may run at once; more wait. Default 4. */
  readonly queryConnections?: number;
  readonly threads?: number;
  /** Such as `2GB`. Default: DuckDB's, 80 % of the machine's memory. */
  readonly memoryLimit?: string;
}

export interface DuckDbWarehouse extends Warehouse {
  readonly dialectName: 'duckdb';
  /** Streams numeric columns into typed arrays. NULL or a column that is not numeric is an error. */
  queryColumns(statement: Statement): Promise<NumericColumns>;
}

/**
 * Opens the embedded warehouse as the only owner of its file.
 *
 * @throws WarehouseInUseError where the file is open in this or another process
 */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDbWarehouse> {
  const file = await openDuckDbFile(options.file);
  try {
    return await DuckDb.prepare(file, options);
  } catch (error) {
    file.release();
    throw error;
  }
}

class DuckDb implements DuckDbWarehouse {
  readonly dialectName = 'duckdb';
  readonly #file: DuckDbFile;
  readonly #ingest: DuckDBConnection;
  readonly #ingestTurn = new Serial();
  readonly #writer: DuckDBConnection;
  readonly #writerTurn = new Serial();
  readonly #readers: readonly { readonly connection: DuckDBConnection; readonly turn: Serial }[];
  readonly #load: number[];
  #isClosed = false;

  private constructor(
    file: DuckDbFile,
    ingest: DuckDBConnection,
    writer: DuckDBConnection,
    readers: DuckDBConnection[],
  ) {
    this.#file = file;
    this.#ingest = ingest;
    this.#writer = writer;
    this.#readers = readers.map((connection) => ({ connection, turn: new Serial() }));
    this.#load = readers.map(() => 0);
  }

  static async prepare(file: DuckDbFile, options: DuckDbOptions): Promise<DuckDb> {
    const { instance } = file;
    const ingest = await connect(instance);
    if (options.threads !== undefined) await ingest.run(`SET threads = ${Math.trunc(options.threads)}`);
    if (options.memoryLimit !== undefined) {
      await ingest.run(`SET memory_limit = '${options.memoryLimit.replaceAll("'", "''")}'`);
    }
    for (const sql of [...RAW_EVENTS_DDL, ...(options.initialStatements ?? [])]) await ingest.run(sql);
    const readers: DuckDBConnection[] = [];
    for (let i = 0; i < (options.queryConnections ?? 4); i += 1) readers.push(await connect(instance));
    return new DuckDb(file, ingest, await connect(instance), readers);
  }

  async query<R extends Row>(statement: Statement): Promise<readonly R[]> {
    return await this.#onReader((connection) => readRows<R>(connection, statement));
  }

  async queryColumns(statement: Statement): Promise<NumericColumns> {
    return await this.#onReader((connection) => readColumns(connection, statement));
  }

  /** @throws WarehouseQueryError; nothing of the statements is kept then */
  async execute(statements: readonly Statement[]): Promise<void> {
    this.#assertOpen();
    await this.#writerTurn.run(() =>
      inTransaction(this.#writer, async () => {
        for (const statement of statements) await runStatement(this.#writer, statement);
      }),
    );
  }

  async appendEvents(batch: EventBatch): Promise<number> {
    this.#assertOpen();
    return await this.#ingestTurn.run(() => appendBatch(this.#ingest, batch));
  }

  async ingestedOffset(partition: number): Promise<bigint | undefined> {
    this.#assertOpen();
    return await this.#ingestTurn.run(() => ingestedOffset(this.#ingest, partition));
  }

  /** Waits for the work at hand, writes everything into the file and gives it free. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all(this.#readers.map(({ turn }) => turn.run(async () => {})));
    await this.#writerTurn.run(async () => {});
    await this.#ingestTurn.run(async () => {
      await this.#ingest.run('CHECKPOINT');
    });
    for (const { connection } of this.#readers) connection.closeSync();
    this.#writer.closeSync();
    this.#ingest.closeSync();
    this.#file.release();
  }

  /** One query at a time per connection; the least loaded connection is taken. */
  async #onReader<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const index = this.#load.indexOf(Math.min(...this.#load));
    const reader = this.#readers[index];
    if (reader === undefined) throw new RangeError('queryConnections must be at least 1');
    this.#load[index] = (this.#load[index] ?? 0) + 1;
    try {
      return await reader.turn.run(() => work(reader.connection));
    } finally {
      this.#load[index] = (this.#load[index] ?? 1) - 1;
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the warehouse is closed');
  }
}

async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

async function runStatement(connection: DuckDBConnection, statement: Statement): Promise<void> {
  const { values, types } = bindParameters(statement.parameters);
  try {
    await connection.run(statement.sql, values, types);
  } catch (error) {
    throw new WarehouseQueryError(statement, error);
  }
}
