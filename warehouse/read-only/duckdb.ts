import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readColumns, readRows, type NumericColumns } from '../duckdb-query.ts';
import { bindParameters } from '../duckdb-values.ts';
import type { Row, Statement, StatementParameter } from '../port.ts';
import { WarehouseQueryError } from '../query-error.ts';
import { Serial } from '../serial.ts';
import { parametersOfSelect } from './duckdb-select.ts';
import { columnKind } from './duckdb-types.ts';
import { embeddable, RefusedSqlError, UnreachableWarehouseError, type Column, type ReadOnlyWarehouse } from './port.ts';

export interface ReadOnlyDuckDbOptions {
  /** A database file, or files of named tables; absolute paths, the latter may be globs. */
  readonly data: { readonly file: string } | { readonly parquetTables: Readonly<Record<string, readonly string[]>> };
  /** Ends a query that runs. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a DuckDB file, or Parquet files as tables, for reading. The engine itself is locked: the database is read-only, no other file can
 * be opened, no extension loaded and no setting changed, whatever the SQL says. Sorting that does not fit into memory goes to
 * the temporary folder of the machine.
 *
 * @throws UnreachableWarehouseError
 */
export async function openReadOnlyDuckDb(options: ReadOnlyDuckDbOptions): Promise<ReadOnlyWarehouse> {
  const spill = await mkdtemp(path.join(tmpdir(), 'umpire-connect-'));
  try {
    const instance = await ('file' in options.data
      ? openFile(options.data.file, spill)
      : DuckDBInstance.create(':memory:', { ...NO_EXTENSIONS, temp_directory: spill }));
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    if ('parquetTables' in options.data) await createViews(connection, options.data.parquetTables);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    return new ReadOnlyDuckDb(instance, connection, spill, options.signal);
  } catch (error) {
    await rm(spill, { recursive: true, force: true });
    throw error;
  }
}

const NO_EXTENSIONS = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

async function openFile(file: string, spill: string): Promise<DuckDBInstance> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw new UnreachableWarehouseError(`there is no file ${file}; check its path`);
  if (!found.isFile()) throw new UnreachableWarehouseError(`${file} is no file; name a DuckDB database`);
  try {
    return await DuckDBInstance.create(file, { ...NO_EXTENSIONS, access_mode: 'READ_ONLY', temp_directory: spill });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const owner = /\(PID (\d+)\)/.exec(message)?.[1];
    if (message.includes('lock on file') || message.includes('different configuration')) {
      throw new UnreachableWarehouseError(
        `${file} is open for writing in ${owner === undefined ? 'another process' : `process ${owner}`}, and DuckDB then lets nobody read it; ` +
          'connect to a copy, or when that process has ended',
        { cause: error },
      );
    }
    throw new UnreachableWarehouseError(`${file} cannot be read as a DuckDB database: ${firstLine(message)}`, {
      cause: error,
    });
  }
}

async function createViews(
  connection: DuckDBConnection,
  tables: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const allowed = new Set<string>();
  for (const [table, globs] of Object.entries(tables)) {
    const files = await filesOf(connection, table, globs);
    for (const file of files) allowed.add(file);
    try {
      await connection.run(`CREATE VIEW "${table}" AS SELECT * FROM read_parquet(${listSql(files)})`);
    } catch (error) {
      const message = firstLine(error instanceof Error ? error.message : String(error));
      throw new UnreachableWarehouseError(`connection.tables.${table} cannot be read as Parquet: ${message}`, {
        cause: error,
      });
    }
  }
  await connection.run(`SET allowed_paths = ${listSql([...allowed])}`);
}

async function filesOf(connection: DuckDBConnection, table: string, globs: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of globs) {
    const reader = await connection.runAndReadAll('SELECT file FROM glob($pattern) ORDER BY file', { pattern });
    const found = reader.getRows().map(([file]) => String(file));
    if (found.length === 0)
      throw new UnreachableWarehouseError(`connection.tables.${table}: no file matches ${pattern}; check the path`);
    files.push(...found);
  }
  return files;
}

function listSql(texts: readonly string[]): string {
  return `[${texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ')}]`;
}

class ReadOnlyDuckDb implements ReadOnlyWarehouse {
  readonly dialectName = 'duckdb';
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #spill: string;
  readonly #turn = new Serial();
  readonly #signal: AbortSignal | undefined;
  readonly #interrupt = (): void => this.#connection.interrupt();

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, spill: string, signal: AbortSignal | undefined) {
    this.#instance = instance;
    this.#connection = connection;
    this.#spill = spill;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#interrupt);
  }

  async describe(sql: string, parameters: Readonly<Record<string, StatementParameter>>): Promise<readonly Column[]> {
    return await this.#turn.run(async () => {
      const names = await parametersOfSelect(this.#connection, sql);
      refuseUnknown(names, Object.keys(parameters));
      const inside = `SELECT * FROM (\n${embeddable(sql)}\n) AS umpire_described LIMIT 0`;
      await parametersOfSelect(this.#connection, inside);
      const { values, types } = bindParameters(only(parameters, names));
      try {
        const result = await this.#connection.run(inside, values, types);
        return result.columnNames().map((name, index) => {
          const type = result.columnType(index);
          return { name, kind: columnKind(type), typeName: type.toString() };
        });
      } catch (error) {
        const message = firstLine(error instanceof Error ? error.message : String(error));
        throw new RefusedSqlError(`is refused by DuckDB: ${message}`, { cause: error });
      }
    });
  }

  async query<R extends Row>(statement: Statement): Promise<readonly R[]> {
    return await this.#read(statement, (known) => readRows<R>(this.#connection, known));
  }

  async queryColumns(statement: Statement): Promise<NumericColumns> {
    return await this.#read(statement, (known) => readColumns(this.#connection, known));
  }

  async #read<T>({ sql, parameters }: Statement, work: (known: Statement) => Promise<T>): Promise<T> {
    return await this.#turn.run(async () => {
      this.#signal?.throwIfAborted();
      const names = await parametersOfSelect(this.#connection, sql);
      try {
        return await work({ sql, parameters: only(parameters, names) });
      } catch (error) {
        if (!(error instanceof WarehouseQueryError)) throw error;
        throw failureWhileReading(error);
      }
    });
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#interrupt);
    await this.#turn.run(async () => {
      this.#connection.closeSync();
      this.#instance.closeSync();
      await rm(this.#spill, { recursive: true, force: true });
    });
  }
}

function only<Value>(parameters: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)));
}

function refuseUnknown(names: readonly string[], known: readonly string[]): void {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const list = unknown.map((name) => (/^\d+$/.test(name) ? '? or $1' : `$${name}`)).join(', ');
  throw new RefusedSqlError(`names ${list}; the parameters are ${known.map((name) => `$${name}`).join(', ')}`);
}

/** Some mistakes show only in the rows, such as a text that a cast does not take. */
function failureWhileReading({ cause }: WarehouseQueryError): RefusedSqlError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const where = /LINE \d+: (.*)/.exec(message)?.[1];
  return new RefusedSqlError(
    `fails while its rows are read: ${firstLine(message)}${where === undefined ? '' : ` (at: ${where.trim()})`}`,
    { cause },
  );
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.trim() ?? message;
}
