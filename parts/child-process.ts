import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

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
