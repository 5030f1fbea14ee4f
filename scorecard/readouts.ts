import { confidenceSequence, sequentialCriticalValue } from '../estimators/confidence-sequence.ts';
import { cuped } from '../estimators/cuped.ts';
import { differenceOfMeans, type Effect } from '../estimators/effect.ts';
import { fiellerLift } from '../estimators/ratio-interval.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import { statisticsOf, treatmentsOf } from './arms.ts';
import type { JudgedMetric, MetricStatistics, ScorecardInput } from './build.ts';
import { comparable } from './comparable.ts';
import { MINIMUM_UNITS_PER_ARM, sharedAlpha } from './guardrail.ts';
import type { Interval, MetricReadout } from './scorecard.ts';

/** Every metric for every variant that has enough matured units. */
export function readoutsOf(input: ScorecardInput): MetricReadout[] {
  const { definition, metrics } = input;
  const { primary, secondary, guardrails } = definition.metrics;
  const roles: (readonly [string, MetricReadout['role']])[] = [
    [primary, 'primary'],
    ...secondary.map((key) => [key, 'secondary'] as const),
    ...guardrails.map(({ metric }) => [metric, 'guardrail'] as const),
  ];
  const treatments = treatmentsOf(definition);
  return roles.flatMap(([key, role]) => {
    const metric = metrics.get(key);
    if (metric === undefined) throw new RangeError(`scorecard: the definition of metric ${key} is missing`);
    const alpha = levelOf(input, role, treatments.length);
    return treatments.flatMap((variant) => {
      const control = statisticsOf(input, key, definition.control);
      const treatment = statisticsOf(input, key, variant);
      if (control === null || treatment === null) return [];
      const readout = readoutOf({ metric, role, variant, control, treatment, alpha });
      return readout === null ? [] : [readout];
    });
  });
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
}

/** Null where there are too few units for an interval, or no value varies. */
function readoutOf({ metric, role, variant, control, treatment, alpha }: ReadoutInput): MetricReadout | null {
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS_PER_ARM) return null;
  const adjusted = cuped(control, treatment);
  const arms = comparable(adjusted.control, adjusted.treatment);
  const absoluteEffect = differenceOfMeans(arms.control, arms.variant);
  if (absoluteEffect.standardError === 0) return null;
  const sequence = (effect: Effect) => confidenceSequence({ ...effect, count: control.count + treatment.count, alpha });
  const absolute = sequence(absoluteEffect);
  const look = { count: control.count + treatment.count, alpha };
  const lift = relativeLift(arms.control, arms.variant);
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
    // A guardrail's interval is the one that its gate decides by.
    relative:
      role === 'guardrail'
        ? fiellerLift(arms.control, arms.variant, sequentialCriticalValue(look))
        : lift === null
          ? null
          : intervalOf(sequence(lift)),
    pValue: absolute.pValue,
    method: `${metric.covariateMs > 0 ? 'CUPED, ' : ''}asymptotic confidence sequence at ${(100 * (1 - alpha)).toFixed(1)} %`,
    varianceRemovedRatio: metric.covariateMs > 0 ? adjusted.varianceRemovedRatio : null,
  };
}

function intervalOf({ estimate, lower, upper }: Interval): Interval {
  return { estimate, lower, upper };
}
