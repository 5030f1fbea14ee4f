import { readLastKnownGood } from '@third-umpire/sdk';
import type { KnownRuleset } from '../control-store/backup/newest-known.ts';
import { CommandFailure } from './failures.ts';
import { fetchRuleset } from './ruleset.ts';
import { connectServer } from './server.ts';

export interface AskedOptions {
  /** The server is not asked. */
  readonly offline?: boolean;
  readonly lastKnownGood: readonly string[];
}

/** Whom we asked what is in force, and what we heard. */
export interface Asked {
  readonly source: string;
  /** Null: it could not tell. */
  readonly version: number | null;
  readonly problem: string | null;
}

/** Asks the server and reads the files of SDKs: who is connected knows kills and versions that a backup does not. */
export async function askForKnown(
  { offline = false, lastKnownGood }: AskedOptions,
  address: string,
  clock: () => number,
): Promise<{ readonly known: readonly KnownRuleset[]; readonly asked: readonly Asked[] }> {
  const known: KnownRuleset[] = [];
  const asked: Asked[] = [];
  const note = (found: KnownRuleset): void => {
    known.push(found);
    asked.push({ source: found.source, version: found.ruleset.version, problem: null });
  };
  if (!offline) {
    const source = `the server ${address}`;
    const connection = connectServer(address, clock);
    try {
      note({ source, ruleset: await fetchRuleset(connection) });
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      asked.push({ source, version: null, problem: error.message.split('\n')[0] ?? error.message });
    } finally {
      connection.close();
    }
  }
  for (const folder of lastKnownGood) {
    const kept = await readLastKnownGood(folder);
    if (kept === null)
      throw new CommandFailure('NOT_FOUND', `${folder} holds no ruleset; give the dataDirectory of an SDK`);
    note({ source: `the SDK file in ${folder}`, ruleset: kept.ruleset });
  }
  return { known, asked };
}
