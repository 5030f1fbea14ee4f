import { CommanderError } from 'commander';
import { failureOf, type Failure } from './failures.ts';
import { createProgram } from './program.ts';
import { Shell, type Surroundings } from './shell.ts';

/** What shells expect of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs one command line (without the program's name) and resolves with its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. With `--json`,
 * standard output holds one JSON value also when it failed: `{ "error": { "code", "message" } }`.
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const shell = new Shell(surroundings);
  let usage = '';
  const program = createProgram(shell, (text) => {
    usage += text;
  });
  const isJson = args.includes('--json');
  try {
    await program.parseAsync(args, { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (surroundings.signal.aborted) {
      surroundings.err('interrupted: what was started has been ended');
      return INTERRUPTED;
    }
    return report(
      error instanceof CommanderError ? usageFailure(usage, error) : failureOf(error),
      isJson,
      surroundings,
    );
  }
}

function usageFailure(usage: string, { message }: CommanderError): Failure {
  return { code: 'USAGE', message: (usage === '' ? message : usage).trimEnd(), exitCode: 2 };
}

function report({ code, message, exitCode }: Failure, isJson: boolean, { out, err }: Surroundings): number {
  if (isJson) out(JSON.stringify({ error: { code, message } }, null, 2));
  err(message);
  return exitCode;
}
