import type { ExperimentRecord } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { CovariateSums } from '../estimators/cuped.ts';
import { designedGuardrailGates, designedReadouts } from './designed-readouts.ts';
import type { DesignedUnit } from './designed-units.ts';
import { guardrailGates } from './guardrail-gates.ts';
import type { Reading } from './looks.ts';
import { readoutsOf, withAdjustedPValues } from './readouts.ts';
import { harmWarning, segmentReadouts } from './segments.ts';
import type { Gate, Scorecard } from './scorecard.ts';
import { readSplit, splitGate, type SegmentCount, type VariantCount } from './split.ts';
import { reachVerdict } from './verdict.ts';

/** The sufficient statistics of one metric in one variant, over matured units; y is the metric, x its covariate. */
export interface MetricStatistics extends CovariateSums {
  readonly metricKey: string;
  readonly variant: string;
}

/** The same of the units of one segment; the primary metric's alone. */
export interface SegmentStatistics extends MetricStatistics {
  readonly attribute: string;
  readonly value: string;
}

/** What a judgement needs to know of an experiment, of ours or of a warehouse that was there before. */
export type JudgedExperiment = Pick<
  ExperimentDefinition,
  'key' | 'control' | 'segments' | 'metrics' | 'stopping' | 'runtime' | 'design' | 'interference'
> & {
  readonly variants: readonly Pick<ExperimentDefinition['variants'][number], 'key' | 'weightBasisPoints'>[];
};
export type JudgedRecord = Pick<ExperimentRecord, 'epoch' | 'enrolledAtMs' | 'analysisClosedAtMs'>;
export type JudgedMetric = Pick<MetricDefinition, 'key' | 'goodDirection' | 'valueUnit' | 'covariateMs' | 'windowMs'> &
  Partial<Pick<MetricDefinition, 'type'>>;

export interface ScorecardInput {
  readonly definition: JudgedExperiment;
  readonly record: JudgedRecord;
  /** The definitions of all metrics that the experiment names. */
  readonly metrics: ReadonlyMap<string, JudgedMetric>;
  readonly computedAtMs: number;
  /** Units by variant; a variant without units may be left out. */
  readonly split: readonly VariantCount[];
  readonly segments: readonly SegmentCount[];
  readonly statistics: readonly MetricStatistics[];
  /** The primary metric by segments, as of the look that is due, or of now where any time is a look. */
  readonly segmentStatistics: readonly SegmentStatistics[];
  /** How the primary and the secondary metrics may be read; `statistics` are those of now, by which guardrails are watched. */
  readonly reading: Reading;
  /** The statistics as of the look that is due; missing where none is. */
  readonly statisticsAtLook?: readonly MetricStatistics[];
  /** When as many units had matured as `maximumUnits` wants, in ms since 1970 UTC; null: not yet. */
  readonly isFullAtMs: number | null;
  /** Of a design: each unit's totals, as of now and as of the look that is due (empty where none is). */
  readonly designed?: { readonly units: readonly DesignedUnit[]; readonly unitsAtLook: readonly DesignedUnit[] };
  readonly leftOut: Pick<Scorecard['leftOut'], 'crossedUnits' | 'notRandomExposures'>;
  /** Why the rows themselves cannot be trusted, each in a sentence; none: they can. */
  readonly dataProblems?: readonly string[];
}

/**
 * What is known of an experiment, and what follows from it. Pure. Where the split is wrong there is no number at all, because every one
 * of them would be.
 *
 * @throws RangeError for numbers that cannot be
 */
export function buildScorecard(input: ScorecardInput): Scorecard {
  const { definition, record, computedAtMs } = input;
  const split = readSplit(definition, input.split, input.segments);
  const trust = [...interferenceGates(definition), ...dataGates(input), splitGate(split)];
  const isTrusted = trust.every(({ status }) => status !== 'failed');
  const isDesigned = definition.design !== undefined;
  const readouts = isTrusted ? withAdjustedPValues(isDesigned ? designedReadouts(input) : readoutsOf(input)) : [];
  const guarded = isTrusted ? (isDesigned ? designedGuardrailGates(input) : guardrailGates(input)) : [];
  const gates = [...trust, ...guarded];
  const { gates: verdictGates, ...verdict } = reachVerdict({ ...input, readouts, gates });
  const segments = isTrusted ? segmentReadouts(input) : [];
  return {
    experimentKey: definition.key,
    epoch: record.epoch,
    computedAtMs,
    ...verdict,
    summary: [verdict.summary, ...harmWarning(segments)].join(' '),
    split,
    look: lookOf(input.reading),
    readouts,
    segments,
    gates: [...gates, ...verdictGates],
    leftOut: { ...input.leftOut, immatureUnits: isTrusted ? immatureUnits(input) : {} },
  };
}

/** Units that affect each other cannot be compared one by one: no number at all. */
function interferenceGates({ interference, design }: JudgedExperiment): Gate[] {
  if (interference === undefined || design !== undefined) return [];
  const remedy = 'run it as a switchback, or with a cluster or geo design';
  const reason = `units affect each other (${interference}), so a user-level comparison is wrong; ${remedy}`;
  return [{ gate: 'data', metricKey: null, status: 'failed', reason }];
}

function lookOf(reading: Reading): Scorecard['look'] {
  if (reading.kind !== 'look') return null;
  const { look, looks, atMs, isLast } = reading;
  return { look, looks, atMs, isLast };
}

/** What cannot be in the data of this experiment; nothing where all is well. */
function dataGates({ definition, split, dataProblems = [] }: ScorecardInput): Gate[] {
  const known = new Set(definition.variants.map(({ key }) => key));
  const strange = split.filter(({ variant }) => !known.has(variant));
  const failed = (reason: string): Gate => ({ gate: 'data', metricKey: null, status: 'failed', reason });
  const gates = dataProblems.map(failed);
  if (strange.length === 0) return gates;
  const counts = strange.map(({ variant, units }) => `${variant} (${units} units)`).join(', ');
  const reason = `exposures name variants that the experiment does not have: ${counts}`;
  return [failed(reason), ...gates];
}

/** @throws RangeError where more units matured than were exposed: then one of the counts is wrong */
function immatureUnits({ split, statistics, metrics }: ScorecardInput): Record<string, number> {
  const exposed = split.reduce((sum, { units }) => sum + units, 0);
  return Object.fromEntries(
    [...metrics.keys()].map((key) => {
      const matured = statistics
        .filter(({ metricKey }) => metricKey === key)
        .reduce((sum, { count }) => sum + count, 0);
      if (matured > exposed)
        throw new RangeError(`scorecard: ${matured} units matured for ${key}, but only ${exposed} were exposed`);
      return [key, exposed - matured];
    }),
  );
}
