import type { ExperimentRecord } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { CovariateSums } from '../estimators/cuped.ts';
import { guardrailGates } from './guardrail-gates.ts';
import { readoutsOf } from './readouts.ts';
import type { Gate, MetricReadout, Scorecard } from './scorecard.ts';
import { readSplit, splitGate, type SegmentCount, type VariantCount } from './split.ts';
import { reachVerdict } from './verdict.ts';

/** The sufficient statistics of one metric in one variant, over matured units; y is the metric, x its covariate. */
export interface MetricStatistics extends CovariateSums {
  readonly metricKey: string;
  readonly variant: string;
}

export interface ScorecardInput {
  readonly definition: ExperimentDefinition;
  readonly record: ExperimentRecord;
  /** The definitions of all metrics that the experiment names. */
  readonly metrics: ReadonlyMap<string, MetricDefinition>;
  readonly computedAtMs: number;
  /** Units by variant; a variant without units may be left out. */
  readonly split: readonly VariantCount[];
  readonly segments: readonly SegmentCount[];
  readonly statistics: readonly MetricStatistics[];
  readonly leftOut: Pick<Scorecard['leftOut'], 'crossedUnits' | 'notRandomExposures'>;
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
  const gates: Gate[] = [splitGate(split)];
  let readouts: readonly MetricReadout[] = [];
  if (!split.isMismatch) {
    readouts = readoutsOf(input);
    gates.push(...guardrailGates(input));
  }
  const { gates: verdictGates, ...verdict } = reachVerdict({
    definition,
    record,
    computedAtMs,
    split,
    readouts,
    gates,
  });
  return {
    experimentKey: definition.key,
    epoch: record.epoch,
    computedAtMs,
    ...verdict,
    split,
    readouts,
    gates: [...gates, ...verdictGates],
    leftOut: { ...input.leftOut, immatureUnits: split.isMismatch ? {} : immatureUnits(input) },
  };
}

function immatureUnits({ split, statistics, metrics }: ScorecardInput): Record<string, number> {
  const exposed = split.reduce((sum, { units }) => sum + units, 0);
  return Object.fromEntries(
    [...metrics.keys()].map((key) => {
      const matured = statistics
        .filter(({ metricKey }) => metricKey === key)
        .reduce((sum, { count }) => sum + count, 0);
      return [key, exposed - matured];
    }),
  );
}
