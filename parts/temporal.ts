import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePort } from './free-port.ts';
import { endProcess } from './child-process.ts';

export interface TemporalServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly uiUrl: string;
  readonly processId: number;
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

/** Starts Temporal's development server, with its UI, on 127.0.0.1. */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const executable = options.executable ?? (existsSync(cachedTemporal()) ? cachedTemporal() : 'temporal');
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)];
  if (options.dataFile !== undefined) args.push('--db-filename', options.dataFile);
  args.push('--log-level', 'error');
  const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw new Error(`Temporal cannot be started as ${executable}; run umpire doctor`, { cause: error });
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => options.onLog?.(chunk.toString()));
  }
  const address = `127.0.0.1:${port}`;
  await Promise.race([failed, untilServing(child, address)]);
  failed.catch(() => undefined);
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    processId: child.pid ?? -1,
    stop: () => endProcess(child),
  };
}

async function untilServing(child: ChildProcess, address: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Temporal ended with code ${child.exitCode} while it was starting`);
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
      child.kill('SIGKILL');
      throw new Error(`Temporal did not answer on ${address} within ${START_TIMEOUT_MS} ms`, { cause: error });
    }
  }
}
