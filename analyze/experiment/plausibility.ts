import { carriersOf, FEW_CARRIERS, isCarriedByFew } from '../../estimators/stopping/carriers.ts';
import type { Warning } from './check-columns.ts';
import type { ExperimentRequest } from './request.ts';
import type { ArmReading, MetricReading } from './result.ts';

/** Twyman's law: a figure that looks interesting or different is usually wrong. Few real changes move a metric by more than this. */
const IMPLAUSIBLE_LIFT = 0.5;
/** Below this many units an arm the normal distribution is not to be relied on. */
const FEW_UNITS = 100;
/** Below this many clusters or windows an arm, a few of them decide everything. */
const FEW_CLUSTERS = 10;

/** What makes a reader doubt numbers that are formally in order. */
export function plausibilityWarnings(
  metrics: readonly MetricReading[],
  request: ExperimentRequest,
): readonly Warning[] {
  return [
    ...metrics.flatMap(liftWarnings),
    ...carryOverWarnings(metrics, request),
    ...sizeWarnings(metrics, request),
    ...metrics.flatMap((metric) => skewWarnings(metric, request)),
  ];
}

function liftWarnings({ metric, comparisons }: MetricReading): Warning[] {
  return comparisons.flatMap(({ arm, relative, isSignificant }) => {
    if (!isSignificant || relative === null || Math.abs(relative.estimate) <= IMPLAUSIBLE_LIFT) return [];
    const percent = (100 * relative.estimate).toFixed(0);
    const message = `${arm} moves ${metric} by ${percent} %: more than nearly every real change does. Look for an error in the data or the assignment before you believe it (Twyman's law)`;
    return [{ code: 'implausible-lift', message }];
  });
}

function carryOverWarnings(metrics: readonly MetricReading[], { alpha }: ExperimentRequest): Warning[] {
  const [primary] = metrics;
  return (primary?.comparisons ?? []).flatMap(({ arm, switchback }) => {
    const carried = switchback?.carryOver ?? null;
    if (carried === null || carried.pValue > alpha) return [];
    const message = `${arm} of the window before still moves ${primary?.metric ?? ''} (p = ${carried.pValue.toPrecision(2)}): windows are too short, and the effect shown mixes both`;
    return [{ code: 'carry-over', message }];
  });
}

function sizeWarnings(metrics: readonly MetricReading[], { design }: ExperimentRequest): Warning[] {
  const [what, few] =
    design.kind === 'user' ? (['units', FEW_UNITS] as const) : ([WHAT[design.kind], FEW_CLUSTERS] as const);
  const small = metrics.flatMap(({ metric, arms }) =>
    arms.filter(({ units }) => units < few).map(({ arm, units }) => `${arm} has ${units} (${metric})`),
  );
  const [first] = small;
  if (first === undefined) return [];
  const message = `with fewer than ${few} ${what} in an arm intervals are not to be relied on where values are skewed: ${first}${small.length > 1 ? `, and ${small.length - 1} more` : ''}`;
  return [{ code: 'few-units', message }];
}

/** Skewed values in a small arm beside a large one: what an always-valid interval does not hold. */
function skewWarnings(
  { metric, type, arms, comparisons }: MetricReading,
  { stopping, design }: ExperimentRequest,
): Warning[] {
  if (stopping.rule !== 'always-valid' || design.kind !== 'user') return [];
  if (type === 'ratio' || type === 'quantile') return [];
  const momentsOf = ({ units, mean, standardDeviation }: ArmReading) => ({
    count: units,
    mean,
    variance: standardDeviation ** 2,
  });
  const [control] = arms;
  return comparisons.flatMap(({ arm, isExact }) => {
    const treatment = arms.find((each) => each.arm === arm);
    if (isExact || control === undefined || treatment === undefined) return [];
    if (control.mean === 0 || treatment.mean === 0) return [];
    if (!isCarriedByFew(momentsOf(control), momentsOf(treatment))) return [];
    const smaller = treatment.units < control.units ? treatment : control;
    const carriers = carriersOf(momentsOf(smaller));
    const message = `${metric}: about ${Math.max(1, Math.round(carriers))} of the ${smaller.units} units of ${smaller.arm} carry its mean; beside a larger arm always-valid intervals hold what they promise from about ${FEW_CARRIERS} on. Wait, cap the values, or fix one look`;
    return [{ code: 'skewed-small-arm', message }];
  });
}

const WHAT = { cluster: 'clusters', switchback: 'windows' } as const;
