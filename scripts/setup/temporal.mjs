import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { run, SetupError, step } from './step.mjs';

const VERSION = 'v1.5.1';
/** Of version 1. */
const OLDEST_MINOR = 3;
const MODULE = `github.com/temporalio/cli/cmd/temporal@${VERSION}`;
const CACHE = path.join(homedir(), '.cache', 'third-umpire', 'bin');

/** Finds or builds Temporal's command, whose development server the platform runs, and returns its path. */
export async function ensureTemporal() {
  const named = process.env.TEMPORAL_CLI_PATH;
  if (named !== undefined && named !== '') {
    if (await works(named)) return named;
    throw new SetupError(`TEMPORAL_CLI_PATH is ${named}, which cannot be run; correct it or unset it`);
  }
  if (await isFitting('temporal')) return 'temporal';
  const cached = path.join(CACHE, 'temporal');
  if (existsSync(cached) && (await works(cached))) return cached;
  return (await download(cached)) ?? (await buildFromSource(cached));
}

async function works(command) {
  return (await versionOf(command)) !== null;
}

/** What the command says of its version; null where it cannot be run. */
async function versionOf(command) {
  try {
    const { code, output } = await run(command, ['--version'], { timeoutMs: 20_000 });
    return code === 0 ? output : null;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return null;
    throw error;
  }
}

/** Older ones have no server with updates and a user interface that shows details. */
async function isFitting(command) {
  const version = await versionOf(command);
  if (version === null) return false;
  // One that somebody built does not know its version.
  if (/-DEV\b/.test(version)) return true;
  const [, major = '0', minor = '0'] = /version v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) > 1 || (Number(major) === 1 && Number(minor) >= OLDEST_MINOR)) return true;
  console.error(`· the ${command} on PATH is older than 1.${OLDEST_MINOR} and is left alone (${version.trim()})`);
  return false;
}

/** Resolves with null where the download cannot be reached within a few seconds. */
async function download(target) {
  const systems = { linux: 'linux', darwin: 'darwin' };
  const machines = { x64: 'amd64', arm64: 'arm64' };
  const system = systems[process.platform];
  const machine = machines[process.arch];
  if (system === undefined || machine === undefined) return null;
  const url = `https://temporal.download/cli/archive/${VERSION}?platform=${system}&arch=${machine}`;
  return await inScratch(async (scratch) => {
    const archive = path.join(scratch, 'temporal.tar.gz');
    const fetched = await step(`downloading Temporal ${VERSION} (once)`, () =>
      optional('curl', ['-fsSL', '--connect-timeout', '4', '--max-time', '300', '-o', archive, url]),
    );
    if (!fetched || !(await optional('tar', ['-xzf', archive, '-C', scratch, 'temporal']))) {
      console.error('  not to be had by download here; next: building it from source');
      return null;
    }
    return await install(path.join(scratch, 'temporal'), target);
  });
}

async function buildFromSource(target) {
  if (!(await optional('go', ['version']))) {
    throw new SetupError(
      `Temporal ${VERSION} is needed, could not be downloaded, and there is no Go to build it with.\n` +
        'Install the Temporal CLI (https://docs.temporal.io/cli) or Go 1.24 or newer (https://go.dev/dl), then run this again.',
    );
  }
  return await inScratch(async (scratch) => {
    await step(`building Temporal ${VERSION} with Go (once; 3 to 6 minutes)`, async () => {
      const env = { ...process.env, GOBIN: scratch };
      const { code, output } = await run('go', ['install', '-ldflags', '-s -w', MODULE], { env });
      if (code !== 0) {
        throw new SetupError(
          `Temporal could not be built:\n\n${output}\nInstall the Temporal CLI (https://docs.temporal.io/cli), then run this again.`,
        );
      }
    });
    return await install(path.join(scratch, 'temporal'), target);
  });
}

/** Two of us at once each work in a folder of their own; the last rename wins, and both are whole. */
async function inScratch(work) {
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(path.join(CACHE, 'unfinished-'));
  try {
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function install(built, target) {
  if (!(await works(built))) throw new SetupError(`the Temporal CLI that was just installed cannot be run: ${built}`);
  renameSync(built, target);
  return target;
}

/** Whether an optional helper is there and did its work. */
async function optional(command, args) {
  try {
    const { code } = await run(command, args);
    return code === 0;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}
