import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { repositoryFile } from './repository-root.ts';

const run = promisify(execFile);

const BUILD_TIMEOUT_MS = 5 * 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What checks Compose files, or why it cannot be had on this machine. */
export type ComposeConfig =
  | {
      readonly isAvailable: true;
      /** The file as Compose understands it, with every profile. @throws Error with Compose's own words where the file is wrong */
      read(file: string): Promise<unknown>;
    }
  | { readonly isAvailable: false; readonly reason: string };

/** `docker compose config` where there is Docker, else the library that it reads files with, built with Go and kept in the cache. */
export async function ensureComposeConfig(
  options: { readonly onProgress?: (message: string) => void } = {},
): Promise<ComposeConfig> {
  if (await canRun('docker', ['compose', 'version'])) {
    return reader('docker', (file) => ['compose', '--profile', '*', '--file', file, 'config', '--format', 'json']);
  }
  const source = repositoryFile('parts/compose-config');
  const parts = await Promise.all(['main.go', 'go.mod', 'go.sum'].map((name) => readFile(path.join(source, name))));
  const version = createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 12);
  const directory = path.join(homedir(), '.cache', 'third-umpire', 'bin');
  const command = path.join(directory, `compose-config-${version}`);
  if (!existsSync(command)) {
    if (!(await canRun('go', ['version']))) {
      return { isAvailable: false, reason: 'there is neither `docker compose` nor Go to build its library with' };
    }
    options.onProgress?.('building what reads Compose files, with Go (once)');
    try {
      await build(source, directory, command);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { isAvailable: false, reason: `what reads Compose files could not be built: ${why}` };
    }
  }
  return reader(command, (file) => [file]);
}

function reader(command: string, argumentsFor: (file: string) => string[]): ComposeConfig {
  return {
    isAvailable: true,
    read: async (file) => {
      const { stdout } = await run(command, argumentsFor(file), { maxBuffer: MAX_OUTPUT_BYTES });
      return JSON.parse(stdout) as unknown;
    },
  };
}

/** Two at once each build into a folder of their own; the last rename wins, and both are whole. */
async function build(source: string, directory: string, command: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const scratch = await mkdtemp(path.join(directory, 'unfinished-'));
  try {
    const built = path.join(scratch, 'compose-config');
    const environment = { ...process.env, CGO_ENABLED: '0' };
    await run('go', ['build', '-o', built, '.'], { cwd: source, timeout: BUILD_TIMEOUT_MS, env: environment });
    await rename(built, command);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function canRun(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, [...args]);
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
