import path from 'node:path';
import process from 'node:process';
import { ROOT, run as runCommand } from '../setup/step.mjs';

/** Runs one benchmark in a process of its own. Resolves with its exit code. */
export async function run(args) {
  const runner = path.join(ROOT, 'dist', 'bench', 'run.js');
  const { code } = await runCommand(process.execPath, ['--expose-gc', runner, ...args], { show: true });
  return code;
}
