import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePort } from './free-port.ts';
import { startTethered, type TetheredProcess } from './tethered-process.ts';

export interface TemporalServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly uiUrl: string;
  readonly processId: number;
  /** Settles when the server has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export interface TemporalOptions {
  /** Where workflows are kept; absent: in memory. */
  readonly dataFile?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a free one. */
  readonly uiPort?: number;
  /** The `temporal` command; default: the one that set-up put into the cache, else the one on PATH. */
  readonly executable?: string;
  readonly onLog?: (line: string) => void;
}

const START_TIMEOUT_MS = 60_000;

/** Where set-up keeps the Temporal command that it downloaded or built. */
export function cachedTemporal(): string {
  return path.join(homedir(), '.cache', 'third-umpire', 'bin', 'temporal');
}

/**
 * Starts Temporal's development server, with its UI, on 127.0.0.1. It ends with this process, however that ends.
 *
 * @throws Error with what it said where it does not come up
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const executable = options.executable ?? (existsSync(cachedTemporal()) ? cachedTemporal() : 'temporal');
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)];
  if (options.dataFile !== undefined) args.push('--db-filename', options.dataFile);
  args.push('--log-level', 'error');
  let output = '';
  const server = await startTethered(executable, args, {
    onOutput: (text) => {
      output = (output + text).slice(-MAX_OUTPUT);
      options.onLog?.(text);
    },
  });
  const address = `127.0.0.1:${port}`;
  await untilServing(server, address, () => `${executable} said:\n${output}`);
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    processId: server.processId,
    ended: server.ended,
    stop: () => server.stop(),
  };
}

const MAX_OUTPUT = 4_000;
const NOT_FOUND = 127;

async function untilServing(server: TetheredProcess, address: string, said: () => string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    if (server.hasEnded()) {
      const { code } = await server.ended;
      if (code === NOT_FOUND) throw new Error('there is no Temporal to start; `umpire doctor` says how to get it');
      throw new Error(`Temporal ended with code ${code ?? 'none'} while it was starting on ${address}; ${said()}`);
    }
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      await connection.close();
      return;
    } catch (error) {
      if (performance.now() - startedAt < START_TIMEOUT_MS) {
        await delay(100);
        continue;
      }
      await server.stop();
      throw new Error(`Temporal did not answer on ${address} within ${START_TIMEOUT_MS} ms; ${said()}`, {
        cause: error,
      });
    }
  }
}
