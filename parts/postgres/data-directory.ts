import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './binaries.ts';
import { isReachable, type ServerAccount } from './server-account.ts';

const run = promisify(execFile);

export interface DataDirectoryOptions {
  readonly dataDirectory: string;
  readonly binaries: PostgresBinaries;
  readonly account: ServerAccount | null;
  readonly user: string;
  readonly password: string;
}

/**
 * Returns a folder of initialised data that the server's account can reach: the one that was asked for, or one that it is a link to.
 *
 * @throws Error where the data is of another major version
 */
export async function prepareDataDirectory(options: DataDirectoryOptions): Promise<string> {
  const directory = await reachableDirectory(path.resolve(options.dataDirectory), options.account);
  const version = await textOf(path.join(directory, 'PG_VERSION'));
  const { majorVersion } = options.binaries;
  if (version === null) await initialise(directory, options);
  else if (version.trim() !== majorVersion) {
    throw new Error(
      `${options.dataDirectory} holds data of PostgreSQL ${version.trim()}, and this is ${majorVersion}; ` +
        'keep it by a dump with the older version, or remove the folder to begin anew',
    );
  }
  await removeStaleLock(directory);
  return directory;
}

/** Under a folder that is closed to the server's account, the data is kept in one that is open, and linked to. */
async function reachableDirectory(wanted: string, account: ServerAccount | null): Promise<string> {
  await mkdir(path.dirname(wanted), { recursive: true });
  if (account === null || isReachable(path.dirname(wanted))) return wanted;
  const elsewhere = elsewhereOf(wanted, account);
  if ((await linkTarget(wanted)) === elsewhere) return elsewhere;
  // Somebody removed the link, and with it the data.
  await rm(elsewhere, { recursive: true, force: true });
  await symlink(elsewhere, wanted);
  return elsewhere;
}

/** Removes data for good, also where it is kept elsewhere. No server may run on it. */
export async function removeDataDirectory(dataDirectory: string, account: ServerAccount | null): Promise<void> {
  const wanted = path.resolve(dataDirectory);
  if (account !== null) await rm(elsewhereOf(wanted, account), { recursive: true, force: true });
  await rm(wanted, { recursive: true, force: true });
}

function elsewhereOf(wanted: string, account: ServerAccount): string {
  return path.join(account.home, `data-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`);
}

async function linkTarget(file: string): Promise<string | null> {
  try {
    return await readlink(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw new Error(`${file} is in the way: PostgreSQL's account cannot reach it there; move it away`, {
      cause: error,
    });
  }
}

/** Initialises beside the final place and renames, so that half-made data is never taken for whole. */
async function initialise(directory: string, { binaries, account, user, password }: DataDirectoryOptions) {
  const unfinished = await mkdtemp(`${directory}.unfinished-`);
  const data = path.join(unfinished, 'data');
  const passwordFile = path.join(unfinished, `password-${randomUUID()}`);
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== null) {
      await chown(passwordFile, account.uid, account.gid);
      await chown(unfinished, account.uid, account.gid);
    }
    const args = [`--pgdata=${data}`, '--auth=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`];
    args.push('--encoding=UTF8', '--locale=C');
    await run(binaries.initdb, args, {
      cwd: unfinished,
      env: { ...process.env, LC_ALL: 'C' },
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    });
    await rm(directory, { recursive: true, force: true });
    await rename(data, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/**
 * A killed server leaves its lock behind. PostgreSQL sees through that itself, unless another program of the same account has the same
 * process id by now, as happens after a restart of the machine.
 */
async function removeStaleLock(directory: string): Promise<void> {
  const lock = path.join(directory, 'postmaster.pid');
  const [processId] = (await textOf(lock))?.split('\n') ?? [];
  if (processId !== undefined && !/postgres/.test(await commandOf(processId))) await rm(lock, { force: true });
}

async function commandOf(processId: string): Promise<string> {
  try {
    return (await run('ps', ['-p', processId, '-o', 'comm='])).stdout;
  } catch (error) {
    // `ps` is silent and answers 1 where there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return '';
    // Without `ps` it stays with PostgreSQL's own judgement.
    if (isMissing(error)) return 'postgres';
    throw error;
  }
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
