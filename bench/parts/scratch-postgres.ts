import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../parts/postgres.ts';

/** A PostgreSQL server for one benchmark; `stop` removes its data. */
export async function startScratchPostgres(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bench-'));
  const server = await startPostgres({ dataDirectory: path.join(directory, 'data') });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
