import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface TetheredOptions {
  /** Sent when it is to end, also when this process is gone. Default: SIGTERM. */
  readonly endSignal?: 'SIGINT' | 'SIGTERM';
  /** Runs it as another account. */
  readonly account?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onOutput?: (text: string) => void;
}

/** A program that never outlives the process that started it, not even one that was killed with SIGKILL. */
export interface TetheredProcess {
  readonly processId: number;
  /** Resolves when it has ended; `code` is null where a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  hasEnded(): boolean;
  /** Asks it to end, waits, and ends it by force where it does not within `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * The shell becomes the program itself, so its process id and exit code are the program's own. What it leaves behind waits for the end of
 * the pipe on descriptor 3, which the kernel closes when this process ends, however it ends, and then ends the program. It is
 * started twice removed, so that the program never meets a child that it does not know.
 */
const SCRIPT = '((cat <&3; kill -s "$END_SIGNAL" $$) >/dev/null 2>&1 &); exec "$@" 3<&-';
const GRACE_MS = 15_000;

/** @throws Error where the program cannot be started */
export async function startTethered(
  command: string,
  args: readonly string[],
  options: TetheredOptions = {},
): Promise<TetheredProcess> {
  const { endSignal = 'SIGTERM', account, cwd } = options;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', command, ...args], {
    // Ctrl-C in a terminal reaches the whole group of the terminal; what is tethered is ended by its owner, in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment, END_SIGNAL: endSignal.slice('SIG'.length) },
    ...(cwd === undefined ? {} : { cwd }),
    ...(account ?? {}),
  });
  await once(child, 'spawn');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => options.onOutput?.(chunk.toString()));
  }
  const ended = endOf(child);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    processId: child.pid ?? -1,
    ended,
    hasEnded,
    stop: async (graceMs = GRACE_MS) => {
      if (hasEnded()) return;
      child.kill(endSignal);
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function endOf(child: ChildProcess): TetheredProcess['ended'] {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      child.stdio[3]?.destroy();
      resolve({ code, signal });
    });
  });
}
