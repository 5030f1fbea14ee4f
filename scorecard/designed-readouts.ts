import type { Effect } from '../estimators/effect.ts';
import { readLook, type LookReading } from '../estimators/stopping/stopping-rule.ts';
import { twoSidedQuantile } from '../estimators/student-t.ts';
import { normalQuantile } from '../estimators/normal.ts';
import { treatmentsOf } from './arms.ts';
import type { JudgedMetric, ScorecardInput } from './build.ts';
import { compareDesigned, type DesignedComparison } from './designed-effect.ts';
import type { DesignedUnit } from './designed-units.ts';
import { endingOf } from './ending.ts';
import { sharedAlpha } from './guardrail.ts';
import { ruleOf } from './interval-reader.ts';
import type { Gate, Interval, MetricReadout } from './scorecard.ts';
import { percent, signedPercent } from './wording.ts';

/** Windows at which an always-valid interval is narrowest: about what a few weeks give. Fixed, so that nobody chooses it by the data. */
const TUNED_FOR_UNITS = 500;
/** Below this the asymptotic confidence sequence does not hold what it promises, also with Student's quantile. */
const MINIMUM_ALWAYS_VALID_UNITS = 20;

/** Every metric of an experiment that randomizes windows, clusters or regions: those are the units, never their users. */
export function designedReadouts(input: ScorecardInput): MetricReadout[] {
  const { primary, secondary, guardrails } = input.definition.metrics;
  const roles: readonly (readonly [string, MetricReadout['role']])[] = [
    [primary, 'primary'],
    ...secondary.map((key) => [key, 'secondary'] as const),
    ...guardrails.map(({ metric }) => [metric, 'guardrail'] as const),
  ];
  const treatments = treatmentsOf(input.definition);
  return roles.flatMap(([key, role]) =>
    treatments.flatMap((variant) => {
      const read = readDesigned(input, key, role, variant);
      return read === null ? [] : [read.readout];
    }),
  );
}

/** One gate for each guardrail and variant; see `checkGuardrail`. */
export function designedGuardrailGates(input: ScorecardInput): Gate[] {
  return input.definition.metrics.guardrails.flatMap(({ metric: metricKey, marginRatio }) =>
    treatmentsOf(input.definition).map((variant): Gate => {
      const base = { gate: 'guardrail', metricKey } as const;
      const read = readDesigned(input, metricKey, 'guardrail', variant);
      if (read === null) return { ...base, status: 'waiting', reason: `${metricKey}: too few whole units yet` };
      const { comparison, readout, read: reader } = read;
      if (comparison.controlMean < 0) {
        const reason = `${metricKey}, ${variant}: control's mean is below 0, so a relative margin means nothing`;
        return { ...base, status: 'inconclusive', reason };
      }
      // The distance from the tolerated mean: effect ± margin × control's mean.
      const sign = readout.goodDirection === 'increase' ? 1 : -1;
      const fromTolerated = reader({
        estimate: sign * comparison.effect.estimate + marginRatio * comparison.controlMean,
        standardError: comparison.effect.standardError + marginRatio * comparison.controlStandardError,
      });
      const isPassed = fromTolerated.lower > 0;
      const isFailed = fromTolerated.upper < 0;
      const says = isPassed ? 'excludes' : isFailed ? 'is beyond' : 'does not exclude';
      const reason = `${metricKey}, ${variant}: ${observedText(readout)} ${says} a harm of ${percent(marginRatio)}`;
      return { ...base, status: isPassed ? 'passed' : isFailed ? 'failed' : 'inconclusive', reason };
    }),
  );
}

function observedText({ relative, absolute, valueUnit }: MetricReadout): string {
  if (relative !== null)
    return `${signedPercent(relative.estimate)} (${signedPercent(relative.lower)} to ${signedPercent(relative.upper)})`;
  return `a difference of ${absolute.estimate.toPrecision(3)} ${valueUnit}`;
}

interface DesignedReading {
  readonly readout: MetricReadout;
  readonly comparison: DesignedComparison;
  readonly read: (effect: Effect) => LookReading;
}

/** Null while the rule lets nothing be read, or there are too few units. */
function readDesigned(
  input: ScorecardInput,
  metricKey: string,
  role: MetricReadout['role'],
  variant: string,
): DesignedReading | null {
  const { definition, metrics, designed } = input;
  const metric = metrics.get(metricKey);
  if (metric === undefined) throw new RangeError(`scorecard: the definition of metric ${metricKey} is missing`);
  if (definition.design === undefined || designed === undefined)
    throw new RangeError(`scorecard: the units of the design of ${definition.key} are missing`);
  const reading = role === 'guardrail' ? ({ kind: 'any-time' } as const) : input.reading;
  if (reading.kind === 'waiting') return null;
  const units = (reading.kind === 'look' ? designed.unitsAtLook : designed.units).filter(
    (unit: DesignedUnit) => unit.metricKey === metricKey,
  );
  const comparison = compareDesigned(definition.design, units, { control: definition.control, variant });
  if (comparison === null) return null;
  const rule = ruleOf(definition.stopping, reading);
  const isAlwaysValid = rule.rule === 'always-valid';
  const fewest = Math.min(comparison.controlUnits, comparison.variantUnits);
  if (isAlwaysValid && fewest < MINIMUM_ALWAYS_VALID_UNITS) return null;
  const alpha = levelOf(input, role);
  const { degreesOfFreedom } = comparison.effect;
  const count = comparison.controlUnits + comparison.variantUnits;
  // The confidence sequence knows the normal distribution only; few units have Student's wider tails.
  const widening = isAlwaysValid ? twoSidedQuantile(alpha, degreesOfFreedom) / normalQuantile(alpha / 2) : 1;
  const read = ({ estimate, standardError }: Effect): LookReading =>
    readLook(isAlwaysValid ? { ...rule, tunedForCount: TUNED_FOR_UNITS } : rule, {
      effect: { estimate, standardError: standardError * widening },
      count,
      alpha,
      ...(isAlwaysValid ? {} : { degreesOfFreedom }),
    });
  const method = `${comparison.method}, ${METHODS[rule.rule]} at ${(100 * (1 - alpha)).toFixed(1)} %`;
  const readout = readoutOf({ metric, role, variant, comparison, read, method });
  if (role !== 'primary') return { readout, comparison, read };
  const { estimate, standardError } = comparison.effect;
  const ending = endingOf({
    stopping: definition.stopping,
    reading,
    alpha,
    effect: { estimate, standardError: standardError * widening },
    controlMean: comparison.controlMean,
    count,
    goodDirection: metric.goodDirection,
    tunedForCount: TUNED_FOR_UNITS,
  });
  return { readout: { ...readout, ...ending }, comparison, read };
}

const METHODS = {
  'always-valid': 'asymptotic confidence sequence',
  'fixed-horizon': "Student's t, one look",
  'group-sequential': 'group-sequential interval',
} as const;

/** Comparisons that decide together share the error level, as in a user-level scorecard. */
function levelOf({ definition }: ScorecardInput, role: MetricReadout['role']): number {
  const { alpha } = definition.stopping;
  const treatments = treatmentsOf(definition).length;
  if (role === 'secondary') return alpha;
  return sharedAlpha(alpha, treatments * (role === 'primary' ? 1 : definition.metrics.guardrails.length));
}

function readoutOf({
  metric,
  role,
  variant,
  comparison,
  read,
  method,
}: {
  readonly metric: JudgedMetric;
  readonly role: MetricReadout['role'];
  readonly variant: string;
  readonly comparison: DesignedComparison;
  readonly read: DesignedReading['read'];
  readonly method: string;
}): MetricReadout {
  const absolute = read(comparison.effect);
  return {
    metricKey: metric.key,
    role,
    goodDirection: metric.goodDirection,
    valueUnit: metric.valueUnit,
    variant,
    controlMean: comparison.controlMean,
    variantMean: comparison.variantMean,
    controlUnits: comparison.controlUnits,
    variantUnits: comparison.variantUnits,
    absolute: { estimate: absolute.estimate, lower: absolute.lower, upper: absolute.upper },
    relative: relativeOf(comparison, read, absolute.criticalValue),
    pValue: absolute.pValue,
    method,
    adjustedPValue: null,
    varianceRemovedRatio: null,
  };
}

/**
 * The effect over control's mean. Its standard error is at most (SE of the effect + |lift| × SE of control's mean) / control's mean, however the
 * two are correlated; null where control's mean is not bounded away from 0.
 */
function relativeOf(
  { effect, controlMean, controlStandardError }: DesignedComparison,
  read: DesignedReading['read'],
  criticalValue: number,
): Interval | null {
  if (!(Math.abs(controlMean) > criticalValue * controlStandardError)) return null;
  const estimate = effect.estimate / controlMean;
  const standardError = (effect.standardError + Math.abs(estimate) * controlStandardError) / Math.abs(controlMean);
  const { lower, upper } = read({ estimate, standardError });
  return { estimate, lower, upper };
}
