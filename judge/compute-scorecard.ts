import { buildScorecard, type MetricStatistics, type ScorecardInput } from '../scorecard/build.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { readSplit } from '../scorecard/split.ts';
import type { ScorecardRow, SegmentSplitRow } from '../warehouse-sql/compose-scorecard.ts';

/** The warehouse's answers about one experiment. */
export interface Counts {
  scorecard(): Promise<readonly ScorecardRow[]>;
  /** Asked only where the split is not as defined. */
  segments(): Promise<readonly SegmentSplitRow[]>;
}

export type JudgeInput = Pick<ScorecardInput, 'definition' | 'record' | 'metrics' | 'computedAtMs' | 'dataProblems'>;

/** A scorecard from what the warehouse counts; `metrics` stand in the order in which they were asked. */
export async function computeScorecard(input: JudgeInput, counts: Counts): Promise<Scorecard> {
  const { definition, metrics } = input;
  const counted = readCounts(await counts.scorecard(), [...metrics.keys()]);
  const { isMismatch } = readSplit(definition, counted.split, []);
  const segments = isMismatch && definition.segments.length > 0 ? await counts.segments() : [];
  return buildScorecard({ ...input, ...counted, segments });
}

type Counted = Pick<ScorecardInput, 'split' | 'statistics' | 'leftOut'>;

function readCounts(rows: readonly ScorecardRow[], metricKeys: readonly string[]): Counted {
  const unitsOf = (part: ScorecardRow['part']): number => rows.find((row) => row.part === part)?.units ?? 0;
  return {
    split: rows.filter(({ part }) => part === 'exposed').map(({ variant, units }) => ({ variant, units })),
    statistics: rows.filter(({ part }) => part === 'matured').map((row) => statisticsOf(row, metricKeys)),
    leftOut: { crossedUnits: unitsOf('crossed'), notRandomExposures: unitsOf('not_random') },
  };
}

function statisticsOf(row: ScorecardRow, metricKeys: readonly string[]): MetricStatistics {
  const metricKey = metricKeys[row.metric];
  if (metricKey === undefined)
    throw new RangeError(`the warehouse answered for metric ${row.metric}, which was not asked`);
  return {
    metricKey,
    variant: row.variant,
    count: row.units,
    sumY: row.sum_y,
    sumYY: row.sum_yy,
    sumX: row.sum_x,
    sumXX: row.sum_xx,
    sumXY: row.sum_xy,
  };
}
