import path from 'node:path';
import process from 'node:process';
import { ROOT, run as runCommand } from '../setup/step.mjs';

/** Runs the calibration in a process of its own. Resolves with its exit code. */
export async function run(args) {
  const runner = path.join(ROOT, 'dist', 'calibration', 'calibrate-main.js');
  const { code } = await runCommand(process.execPath, [runner, ...args], { show: true });
  return code;
}
