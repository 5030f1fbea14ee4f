import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Node's flags for a process that events pass through. They live for some milliseconds, which the default of 16 MB for young objects is too
 * small for: with this much, ingest is a third faster.
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=64'];

/**
 * Forks another module of this project: `.ts` where the caller runs from source, `.js` where it runs from the build. Node's own
 * flags (loaders, conditions) are handed on.
 *
 * @param callerUrl the caller's `import.meta.url`
 * @param modulePath relative to the caller, without extension, such as `../main/serve`
 */
export function forkModule(
  callerUrl: string,
  modulePath: string,
  args: readonly string[] = [],
  options: ForkOptions = {},
): ChildProcess {
  const caller = fileURLToPath(callerUrl);
  const target = path.resolve(path.dirname(caller), modulePath + path.extname(caller));
  return fork(target, args, { execArgv: process.execArgv, ...options });
}

const GRACE_MS = 15_000;

/** Asks a process to end, waits for it, and ends it by force where it does not within 15 seconds. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(force);
}
