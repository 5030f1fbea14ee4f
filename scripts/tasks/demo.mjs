import path from 'node:path';
import process from 'node:process';
import { ROOT, run as runCommand } from '../setup/step.mjs';

/** Runs the demo as a process of its own, which ends what it started. Resolves with its exit code. */
export async function run(args) {
  const demo = path.join(ROOT, 'dist', 'examples', 'fantasy-league', 'demo-main.js');
  const { code } = await runCommand(process.execPath, [demo, ...args], { show: true });
  return code;
}
