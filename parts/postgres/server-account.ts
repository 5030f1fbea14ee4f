import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Who PostgreSQL runs as where we are root, which it refuses to run as. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
  /** A folder of ours, which that account can reach. */
  readonly home: string;
}

const NAMES = ['postgres', 'nobody'];
const OTHERS_MAY_ENTER = 0o001;
const OTHERS_MAY_WRITE = 0o022;

/** `null`: the server runs as we do. @throws Error where we are root and there is no account to run it as */
export async function serverAccount(): Promise<ServerAccount | null> {
  if (process.getuid?.() !== 0) return null;
  const account = accountNamed(NAMES);
  if (account === null) {
    throw new Error(
      `PostgreSQL refuses to run as root, and there is no account ${NAMES.join(' or ')}; run this as another user, or set DATABASE_URL`,
    );
  }
  return { ...account, home: await reachableHome() };
}

/** Whether every account may enter a folder: its own permissions and those of everything above it. */
export function isReachable(directory: string): boolean {
  for (let at = path.resolve(directory); ; at = path.dirname(at)) {
    if ((statSync(at).mode & OTHERS_MAY_ENTER) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

function accountNamed(names: readonly string[]): { readonly uid: number; readonly gid: number } | null {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of names) {
    const [, , uid, gid] = accounts.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function reachableHome(): Promise<string> {
  const problems: string[] = [];
  for (const home of ['/var/lib/third-umpire', path.join(tmpdir(), 'third-umpire-parts')]) {
    try {
      await mkdir(home, { recursive: true });
      const { uid, mode } = statSync(home);
      // Under a folder that everybody writes to, somebody else may have been first.
      if (uid !== 0 || (mode & OTHERS_MAY_WRITE) !== 0) throw new Error('it belongs to somebody else');
      await chmod(home, 0o755);
      if (isReachable(home)) return home;
      problems.push(`${home}: a folder above it is closed`);
    } catch (error) {
      problems.push(`${home}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `as root, PostgreSQL runs as another account, and there is no folder that it can reach:\n${problems.join('\n')}`,
  );
}
