import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../parts/free-port.ts';
import { startPostgres, type PostgresServer } from '../../parts/postgres.ts';

/** A PostgreSQL server of its own for one test file; `stop` removes its data. */
export async function startTestPostgres(): Promise<PostgresServer> {
  const directory = await openDirectory();
  const server = await startPostgres({ dataDirectory: path.join(directory, 'data') });
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface RestartablePostgres {
  readonly url: string;
  /** Stops the server and starts it on the same data and port: in order, or by killing it. Resolves once it answers. */
  restart(how: 'orderly' | 'killed'): Promise<void>;
  /** Stops the server until `start`. */
  halt(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL server that tests can restart under load. */
export async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const directory = await openDirectory();
  const options = { dataDirectory: path.join(directory, 'data'), port: await freePort() };
  let server = await startPostgres(options);
  const start = async (): Promise<void> => {
    server = await startPostgres(options);
  };
  return {
    url: server.url,
    restart: async (how) => {
      if (how === 'killed') process.kill(server.processId, 'SIGKILL');
      // Of a killed server this only waits for the end.
      await server.stop();
      await start();
    },
    halt: () => server.stop(),
    start,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As root the server runs as another account, which may enter this folder: so its data is kept, and removed, right here. */
async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-postgres-'));
  await chmod(directory, 0o755);
  return directory;
}
