import { buildScorecard, type ScorecardInput } from '../scorecard/build.ts';
import type { Design } from '../definitions/design.ts';
import type { DesignedUnit } from '../scorecard/designed-units.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';
import { readSplit } from '../scorecard/split.ts';
import { dueLooks, readingAt, type MaturedUnits, type Reading } from '../scorecard/looks.ts';
import type { DesignedRow } from '../warehouse-sql/designed-queries.ts';
import { readDesignedCounts } from './read-designed-counts.ts';
import type { MaturityQuestion, MaturityRow } from '../warehouse-sql/compose-maturity.ts';
import type { ScorecardRow, SegmentQuestion, SegmentSplitRow } from '../warehouse-sql/compose-scorecard.ts';
import { readStatistics } from './read-statistics.ts';

/** The warehouse's answers about one experiment. */
export interface Counts {
  /**
   * @param asOfMs in ms since 1970 UTC: later exposures, and windows that were still open then, do not count
   * @param segments what is read by segments as well
   */
  scorecard(asOfMs: number, segments: SegmentQuestion): Promise<readonly ScorecardRow[]>;
  /** Asked instead of `scorecard` where the definition has a design; a source without it has none. */
  designed?(question: { readonly design: Design; readonly asOfMs: number }): Promise<readonly DesignedRow[]>;
  /** Asked only where a stopping rule depends on the number of units. */
  maturity(question: MaturityQuestion): Promise<readonly MaturityRow[]>;
  /** Asked only where the split is not as defined. */
  segments(): Promise<readonly SegmentSplitRow[]>;
}

export type JudgeInput = Pick<ScorecardInput, 'definition' | 'record' | 'metrics' | 'computedAtMs' | 'dataProblems'>;

/** A scorecard from what the warehouse counts; `metrics` stand in the order in which they were asked. */
export async function computeScorecard(input: JudgeInput, counts: Counts): Promise<Scorecard> {
  const { definition, record, computedAtMs } = input;
  const asOfMs = Math.min(computedAtMs, record.analysisClosedAtMs ?? computedAtMs);
  const counted = await countedBy(input, counts, asOfMs);
  const { isMismatch } = readSplit(definition, counted.split, []);
  const segments = isMismatch && definition.segments.length > 0 ? await counts.segments() : [];
  const look = await readLook(input, counts, asOfMs);
  const designed = { units: counted.designedUnits, unitsAtLook: look.unitsAtLook ?? [] };
  return buildScorecard({ ...input, ...counted, ...look, designed, segments });
}

type Look = Pick<ScorecardInput, 'reading' | 'statisticsAtLook' | 'isFullAtMs'> &
  Partial<Pick<ScorecardInput, 'segmentStatistics'>> & { readonly unitsAtLook?: readonly DesignedUnit[] };

/** The primary metric is read within the segments, too. */
function bySegments({ definition, metrics }: JudgeInput): SegmentQuestion {
  return { attributes: definition.segments, metric: [...metrics.keys()].indexOf(definition.metrics.primary) };
}

/** What the stopping rule lets be read: which look is due, by the calendar and the number of units, and the outcomes up to it. */
async function readLook(input: JudgeInput, counts: Counts, asOfMs: number): Promise<Look> {
  const { definition, record, metrics } = input;
  const windowMs = metrics.get(definition.metrics.primary)?.windowMs;
  if (windowMs === undefined)
    throw new RangeError(`scorecard: the definition of metric ${definition.metrics.primary} is missing`);
  const isFullAtMs = await fullAt(definition.stopping.maximumUnits, { counts, asOfMs, windowMs });
  const due = dueLooks(definition, record, { asOfMs, isFullAtMs });
  const units = due.length === 0 ? [] : await maturedBy(counts, { windowMs, lookTimesMs: due.map(({ atMs }) => atMs) });
  const reading: Reading = readingAt(definition, record, { asOfMs, due, units });
  if (reading.kind !== 'look') return { reading, isFullAtMs };
  const { statistics, segmentStatistics, designedUnits } = await countedBy(input, counts, reading.atMs);
  return { reading, isFullAtMs, statisticsAtLook: statistics, segmentStatistics, unitsAtLook: designedUnits };
}

async function fullAt(
  maximumUnits: number | undefined,
  { counts, asOfMs, windowMs }: { readonly counts: Counts; readonly asOfMs: number; readonly windowMs: number },
): Promise<number | null> {
  if (maximumUnits === undefined) return null;
  const rows = await counts.maturity({ windowMs, lookTimesMs: [asOfMs], maximumUnits });
  return rows.find(({ part }) => part === 'full')?.at_ms ?? null;
}

async function maturedBy(
  counts: Counts,
  question: Pick<MaturityQuestion, 'windowMs' | 'lookTimesMs'>,
): Promise<MaturedUnits[]> {
  const rows = await counts.maturity({ ...question, maximumUnits: null });
  return rows.map(({ look, variant, units }) => ({ look, variant, units }));
}

type Counted = Pick<ScorecardInput, 'split' | 'statistics' | 'segmentStatistics' | 'leftOut'>;

type CountedWithUnits = Counted & { readonly designedUnits: readonly DesignedUnit[] };

async function countedBy(input: JudgeInput, counts: Counts, asOfMs: number): Promise<CountedWithUnits> {
  const { definition, record, metrics } = input;
  const keys = [...metrics.keys()];
  const { design } = definition;
  if (design === undefined) {
    const rows = await counts.scorecard(asOfMs, bySegments(input));
    return { ...readCounts(rows, keys), designedUnits: [] };
  }
  if (counts.designed === undefined)
    throw new RangeError(`scorecard: ${definition.key} has a ${design.type} design, which this source cannot count`);
  const rows = await counts.designed({ design, asOfMs });
  const designed = readDesignedCounts(rows, {
    design,
    metricKeys: keys,
    fromMs: record.enrolledAtMs ?? asOfMs,
    asOfMs,
  });
  return { ...designed, segmentStatistics: [] };
}

function readCounts(rows: readonly ScorecardRow[], metricKeys: readonly string[]): Counted {
  const unitsOf = (part: ScorecardRow['part']): number => rows.find((row) => row.part === part)?.units ?? 0;
  return {
    split: rows.filter(({ part }) => part === 'exposed').map(({ variant, units }) => ({ variant, units })),
    statistics: rows.filter(({ part }) => part === 'matured').flatMap((row) => readStatistics(row, metricKeys)),
    segmentStatistics: rows
      .filter(({ part }) => part === 'segment')
      .flatMap((row) =>
        readStatistics(row, metricKeys).map((read) => ({ ...read, attribute: row.attribute, value: row.value })),
      ),
    leftOut: { crossedUnits: unitsOf('crossed'), notRandomExposures: unitsOf('not_random') },
  };
}
