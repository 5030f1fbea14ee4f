import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify, stripVTControlCharacters } from 'node:util';
import { cachedTemporal } from '../../parts/temporal.ts';
import type { Check, Finding } from './check.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** Where the Temporal command is found, in the order in which the platform looks. */
export function checkTemporal(named: string | undefined): Check {
  return async () => {
    const part = 'Temporal CLI';
    const candidates = named === undefined ? [cachedTemporal(), 'temporal'] : [named];
    for (const candidate of candidates) {
      if (candidate.includes('/') && !existsSync(candidate)) continue;
      const version = await firstLineOf(candidate, ['--version']);
      if (version !== null) return { part, status: 'ok', detail: `${version} (${candidate})` };
    }
    return {
      part,
      status: 'problem',
      detail: `none of ${candidates.join(', ')} can be run`,
      remedy: 'npm run demo installs it; or install it from https://docs.temporal.io/cli, or set TEMPORAL_CLI_PATH',
    };
  };
}

/** Java and Maven bring the server that lets months of ramp pass in seconds. */
export const checkTimeSkipping: Check = async () => {
  const part = 'Java and Maven (tests that skip time)';
  const java = await firstLineOf('java', ['-version']);
  const maven = await firstLineOf('mvn', ['-version']);
  if (java !== null && maven !== null) return { part, status: 'ok', detail: `${java}; ${maven}` };
  const missing = [java === null ? 'Java' : [], maven === null ? 'Maven' : []].flat().join(' and ');
  return {
    part,
    status: 'optional',
    detail: `${missing} cannot be run; the tests that skip time are skipped`,
    remedy: 'install a Java runtime (17 or newer) and Maven',
  };
};

export const checkGo: Check = async () => {
  const part = 'Go (builds the Temporal CLI)';
  const version = await firstLineOf('go', ['version']);
  if (version !== null) return { part, status: 'ok', detail: version };
  return {
    part,
    status: 'optional',
    detail: 'cannot be run; only needed where the Temporal CLI can be had in no other way',
    remedy: 'install Go 1.24 or newer from https://go.dev/dl',
  };
};

export const checkNode: Check = (): Promise<Finding> => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > 20 || (major === 20 && minor >= 19);
  const found = { part: 'Node', detail: `${process.versions.node} (20.19 or newer is needed)` };
  return Promise.resolve(
    isEnough
      ? { ...found, status: 'ok' }
      : { ...found, status: 'problem', remedy: 'install a newer Node from https://nodejs.org' },
  );
};

/** `null` where the program cannot be run. Some print their version on standard error. */
async function firstLineOf(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(program, [...args], { timeout: TIMEOUT_MS });
    const text = stripVTControlCharacters(stdout.trim() === '' ? stderr : stdout);
    return text.trim().split('\n')[0] ?? '';
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
