import type { Warning } from './check-columns.ts';
import type { ExperimentRequest } from './request.ts';
import type { MetricReading } from './result.ts';

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
  return [...metrics.flatMap(liftWarnings), ...carryOverWarnings(metrics, request), ...sizeWarnings(metrics, request)];
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

const WHAT = { cluster: 'clusters', switchback: 'windows' } as const;
