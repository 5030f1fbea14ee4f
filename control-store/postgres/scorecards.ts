import type { Scorecard } from '../../scorecard/scorecard.ts';
import type { Database } from './schema.ts';

/** Keeps a scorecard beside all earlier ones. @throws RangeError where a number is not finite: JSON would make it null */
export async function saveScorecard(database: Database, scorecard: Scorecard): Promise<void> {
  const document = JSON.stringify(scorecard, (field, value: unknown) => {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    throw new RangeError(
      `scorecard of ${scorecard.experimentKey}: ${field} is ${value}; leave the readout out and say why`,
    );
  });
  await database
    .insertInto('scorecards')
    .values({
      experiment_key: scorecard.experimentKey,
      epoch: scorecard.epoch,
      computed_at: new Date(scorecard.computedAtMs),
      document,
    })
    .onConflict((conflict) => conflict.columns(['experiment_key', 'epoch', 'computed_at']).doUpdateSet({ document }))
    .execute();
}

export async function latestScorecard(database: Database, experimentKey: string): Promise<Scorecard | null> {
  const row = await database
    .selectFrom('scorecards')
    .select('document')
    .where('experiment_key', '=', experimentKey)
    .orderBy('epoch', 'desc')
    .orderBy('computed_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : (row.document as Scorecard);
}
