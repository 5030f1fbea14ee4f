import type { Breach } from '../breach.ts';
import type { Database } from './schema.ts';

/** Notes a breach before anything is done about it, so that a monitor that dies in between finishes it when it is back. */
export async function noteBreach(database: Database, breach: Breach): Promise<void> {
  await database
    .insertInto('breaches')
    .values({
      experiment_key: breach.experimentKey,
      epoch: breach.epoch,
      detected_at_ms: String(breach.detectedAtMs),
      document: JSON.stringify(breach),
      kill_id: null,
      is_told: false,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Breaches of which the workflow was not told yet; also those that were not killed yet. */
export async function untoldBreaches(database: Database): Promise<Breach[]> {
  const rows = await database
    .selectFrom('breaches')
    .select('document')
    .where('is_told', '=', false)
    .orderBy('detected_at_ms')
    .$narrowType<{ document: Breach }>()
    .execute();
  return rows.map(({ document }) => document);
}

export async function markKilled(database: Database, breach: Breach, killId: string): Promise<void> {
  await ofEpoch(database, breach).set({ kill_id: killId }).execute();
}

export async function markTold(database: Database, breach: Breach): Promise<void> {
  await ofEpoch(database, breach).set({ is_told: true }).execute();
}

function ofEpoch(database: Database, { experimentKey, epoch }: Breach) {
  return database.updateTable('breaches').where('experiment_key', '=', experimentKey).where('epoch', '=', epoch);
}
