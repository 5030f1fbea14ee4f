import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Something that could not be set up; its message says what to install. */
export class SetupError extends Error {}

/** Says what is being done, and how long it took; says it again every few seconds while it lasts. All on standard error. */
export async function step(title, work) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.error(`· ${title} …`);
  const reminder = setInterval(() => console.error(`  still at it: ${title} (${seconds()} s)`), 10_000);
  try {
    const result = await work();
    console.error(`  done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}

/**
 * Runs a command to its end and resolves with its exit code and output (which is also shown with `show`). Ctrl-C and SIGTERM are
 * passed on, and the command's own end is awaited.
 */
export function run(command, args, { cwd = ROOT, env = process.env, show = false, timeoutMs = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = show ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env, stdio, timeout: timeoutMs });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    // A terminal sends Ctrl-C to the whole group, whoever else sends it to this process alone: hearing it twice does no harm.
    const passOn = (signal) => child.kill(signal);
    process.on('SIGINT', passOn).on('SIGTERM', passOn);
    const over = () => process.off('SIGINT', passOn).off('SIGTERM', passOn);
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (code, signal) => {
      over();
      resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 143), output });
    });
  });
}
