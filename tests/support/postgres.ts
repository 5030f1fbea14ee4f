import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres, type PostgresServer } from '../../parts/postgres.ts';

/** A PostgreSQL server of its own for one test file; `stop` removes its data. */
export async function startTestPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-postgres-'));
  // As root, the server runs as another user, who has to reach its data.
  await chmod(directory, 0o755);
  const server = await startPostgres({ dataDirectory: path.join(directory, 'data') });
  return {
    ...server,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
