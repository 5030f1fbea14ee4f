import type { StoppingRule } from '../definitions/experiment.ts';
import { cuped } from '../estimators/cuped.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { fiellerLift } from '../estimators/ratio-interval.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import { statisticsOf, treatmentsOf } from './arms.ts';
import type { JudgedMetric, MetricStatistics, ScorecardInput } from './build.ts';
import { comparable } from './comparable.ts';
import { MINIMUM_UNITS_PER_ARM, sharedAlpha } from './guardrail.ts';
import { intervalReader, type IntervalReader } from './interval-reader.ts';
import type { Reading } from './looks.ts';
import type { Interval, MetricReadout } from './scorecard.ts';

/** Every metric for every variant that has enough matured units. */
export function readoutsOf(input: ScorecardInput): MetricReadout[] {
  const { primary, secondary, guardrails } = input.definition.metrics;
  const roles: (readonly [string, MetricReadout['role']])[] = [
    [primary, 'primary'],
    ...secondary.map((key) => [key, 'secondary'] as const),
    ...guardrails.map(({ metric }) => [metric, 'guardrail'] as const),
  ];
  return roles.flatMap(([key, role]) => readoutsOfMetric(input, key, role));
}

function readoutsOfMetric(input: ScorecardInput, key: string, role: MetricReadout['role']): MetricReadout[] {
  const { definition } = input;
  const metric = input.metrics.get(key);
  if (metric === undefined) throw new RangeError(`scorecard: the definition of metric ${key} is missing`);
  const { reading, statistics } = readingOf(input, role);
  if (reading.kind === 'waiting') return [];
  const treatments = treatmentsOf(definition);
  const alpha = levelOf(input, role, treatments.length);
  return treatments.flatMap((variant) => {
    const control = statisticsOf(statistics, key, definition.control);
    const treatment = statisticsOf(statistics, key, variant);
    if (control === null || treatment === null) return [];
    const compared = { metric, role, variant, control, treatment, alpha, stopping: definition.stopping, reading };
    const readout = readoutOf(compared);
    return readout === null ? [] : [readout];
  });
}

/** Guardrails are watched all the time, whatever the rule for the others is: harm does not wait for a look. */
function readingOf(
  { reading, statistics, statisticsAtLook }: ScorecardInput,
  role: MetricReadout['role'],
): { readonly reading: Reading; readonly statistics: readonly MetricStatistics[] } {
  if (role === 'guardrail') return { reading: { kind: 'any-time' }, statistics };
  if (reading.kind !== 'look') return { reading, statistics };
  if (statisticsAtLook === undefined) throw new RangeError('scorecard: the statistics of the look are missing');
  return { reading, statistics: statisticsAtLook };
}

/** Comparisons that decide together share the error level; secondary metrics decide nothing. */
function levelOf({ definition }: ScorecardInput, role: MetricReadout['role'], treatments: number): number {
  const { alpha } = definition.stopping;
  if (role === 'secondary') return alpha;
  return sharedAlpha(alpha, treatments * (role === 'primary' ? 1 : definition.metrics.guardrails.length));
}

interface ReadoutInput {
  readonly metric: JudgedMetric;
  readonly role: MetricReadout['role'];
  readonly variant: string;
  readonly control: MetricStatistics;
  readonly treatment: MetricStatistics;
  readonly alpha: number;
  readonly stopping: StoppingRule;
  readonly reading: Exclude<Reading, { kind: 'waiting' }>;
}

/** Null where there are too few units for an interval, or no value varies. */
function readoutOf(input: ReadoutInput): MetricReadout | null {
  const { metric, role, variant, control, treatment, alpha } = input;
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS_PER_ARM) return null;
  const adjusted = cuped(control, treatment);
  const arms = comparable(adjusted.control, adjusted.treatment);
  const absoluteEffect = differenceOfMeans(arms.control, arms.variant);
  if (absoluteEffect.standardError === 0) return null;
  const reader = intervalReader({ ...input, control: arms.control, treatment: arms.variant });
  const absolute = reader.read(absoluteEffect);
  return {
    metricKey: metric.key,
    role,
    goodDirection: metric.goodDirection,
    valueUnit: metric.valueUnit,
    variant,
    controlMean: arms.control.mean,
    variantMean: arms.variant.mean,
    controlUnits: control.count,
    variantUnits: treatment.count,
    absolute: intervalOf(absolute),
    relative: relativeOf(role, arms, reader, absolute.criticalValue),
    pValue: absolute.pValue,
    method: `${metric.covariateMs > 0 ? 'CUPED, ' : ''}${reader.method} at ${(100 * (1 - alpha)).toFixed(1)} %`,
    varianceRemovedRatio: metric.covariateMs > 0 ? adjusted.varianceRemovedRatio : null,
  };
}

/** A guardrail's interval is the one that its gate decides by. */
function relativeOf(
  role: MetricReadout['role'],
  arms: ReturnType<typeof comparable>,
  reader: IntervalReader,
  criticalValue: number,
): Interval | null {
  if (role === 'guardrail') return fiellerLift(arms.control, arms.variant, criticalValue);
  const lift = relativeLift(arms.control, arms.variant);
  return lift === null ? null : intervalOf(reader.read(lift));
}

function intervalOf({ estimate, lower, upper }: Interval): Interval {
  return { estimate, lower, upper };
}
