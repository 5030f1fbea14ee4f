import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { openDuckDbFile, type DuckDbFile } from './duckdb-file.ts';
import { RAW_EVENTS_DDL } from './raw-events-table.ts';
import { Serial } from './serial.ts';

export interface SessionOptions {
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

type Work<T> = (connection: DuckDBConnection) => Promise<T>;

interface Lane {
  readonly connection: DuckDBConnection;
  readonly turn: Serial;
  waiting: number;
}

/** An open database file with its connections; each does one thing at a time. */
export class DuckDbSession {
  readonly #file: DuckDbFile;
  readonly #ingest: Lane;
  readonly #writer: Lane;
  readonly #readers: readonly Lane[];
  #isClosed = false;

  private constructor(file: DuckDbFile, ingest: Lane, writer: Lane, readers: readonly Lane[]) {
    this.#file = file;
    this.#ingest = ingest;
    this.#writer = writer;
    this.#readers = readers;
  }

  /** @throws WarehouseInUseError where the file is open in this or another process */
  static async open(options: SessionOptions): Promise<DuckDbSession> {
    const file = await openDuckDbFile(options.file);
    try {
      const { instance } = file;
      const ingest = await openLane(instance);
      await prepare(ingest.connection, options);
      const readers: Lane[] = [];
      for (let i = 0; i < (options.queryConnections ?? 4); i += 1) readers.push(await openLane(instance));
      return new DuckDbSession(file, ingest, await openLane(instance), readers);
    } catch (error) {
      file.release();
      throw error;
    }
  }

  onIngest<T>(work: Work<T>): Promise<T> {
    return inTurn(this.#ingest, work);
  }

  onWriter<T>(work: Work<T>): Promise<T> {
    return inTurn(this.#writer, work);
  }

  /** On the least loaded of the connections for queries. */
  onReader<T>(work: Work<T>): Promise<T> {
    const [first, ...others] = this.#readers;
    if (first === undefined) throw new RangeError('queryConnections must be at least 1');
    const idlest = others.reduce((best, lane) => (lane.waiting < best.waiting ? lane : best), first);
    return inTurn(idlest, work);
  }

  /** Waits for the work at hand, writes everything into the file unless told not to, and gives it free. Closing twice is nothing. */
  async close({ checkpoint }: { readonly checkpoint: boolean }): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const lanes = [...this.#readers, this.#writer, this.#ingest];
    try {
      for (const { turn } of lanes) await turn.run(async () => {});
      if (checkpoint) await this.#ingest.connection.run('CHECKPOINT');
    } finally {
      for (const { connection } of lanes) connection.closeSync();
      this.#file.release();
    }
  }
}

async function prepare(connection: DuckDBConnection, options: SessionOptions): Promise<void> {
  if (options.threads !== undefined) await connection.run(`SET threads = ${Math.trunc(options.threads)}`);
  if (options.memoryLimit !== undefined) {
    await connection.run(`SET memory_limit = '${options.memoryLimit.replaceAll("'", "''")}'`);
  }
  for (const sql of [...RAW_EVENTS_DDL, ...(options.initialStatements ?? [])]) await connection.run(sql);
}

async function openLane(instance: DuckDBInstance): Promise<Lane> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return { connection, turn: new Serial(), waiting: 0 };
}

async function inTurn<T>(lane: Lane, work: Work<T>): Promise<T> {
  lane.waiting += 1;
  try {
    return await lane.turn.run(() => work(lane.connection));
  } finally {
    lane.waiting -= 1;
  }
}
