import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { adjustedPValues } from '../../estimators/comparisons/adjusted-p-values.ts';
import { bayesianView } from './bayesian-view.ts';
import { endingOf } from './ending.ts';
import type { MetricExpression } from './metric-expression.ts';
import { readEstimates, type RawComparison } from './metric-estimates.ts';
import { readCap } from './metric-moments.ts';
import type { ExperimentRequest } from './request.ts';
import type { Comparison, MetricReading, SplitReading } from './result.ts';
import type { KnownCovariate } from './units.ts';

/** Every metric, each arm against control; p-values corrected within the primary metric, and over all others. */
export async function readMetrics(
  warehouse: Warehouse,
  request: ExperimentRequest,
  split: SplitReading,
  covariates: readonly KnownCovariate[],
): Promise<readonly MetricReading[]> {
  const found: { reading: Omit<MetricReading, 'comparisons'>; raw: readonly RawComparison[] }[] = [];
  for (const [index, metric] of request.metrics.entries()) {
    const capAt = await readCap(warehouse, metric, index);
    const groups = await readEstimates(warehouse, {
      request,
      metric,
      metricIndex: index,
      capAt,
      covariates,
      groupBy: null,
    });
    const estimates = groups.get(null);
    if (estimates === undefined)
      throw new AnalyzeError(`metric ${metric.expression}: no arm has two units with a value`);
    const raw = split.arms.slice(1).map(({ arm }) => estimates.compare(arm));
    const arms = split.arms.flatMap(({ arm }) => estimates.arms.get(arm) ?? []);
    found.push({ reading: { ...describe(metric, index), capAt, arms }, raw });
  }
  return found.map(({ reading, raw }, index) => {
    const families = index === 0 ? raw : found.slice(1).flatMap((each) => each.raw);
    const adjusted = adjustedPValues(
      families.map(({ pValue }) => pValue),
      request.correction,
    );
    return {
      ...reading,
      comparisons: raw.map((each) => {
        const adjustedPValue = adjusted[families.indexOf(each)] ?? each.pValue;
        const judged = judge(each, adjustedPValue, reading.goodDirection, request.alpha);
        const bayesian = bayesianView(each.absolute, reading.goodDirection, request.alpha);
        const isPrimary = index === 0;
        const ending = isPrimary
          ? endingOf(each, reading.goodDirection, request)
          : { futility: null, afterStopping: null };
        return { ...each, adjustedPValue, ...judged, bayesian, ...ending };
      }),
    };
  });
}

function describe(metric: MetricExpression, index: number) {
  const { expression, type, goodDirection } = metric;
  return { metric: expression, type, role: index === 0 ? 'primary' : 'secondary', goodDirection } as const;
}

function judge(
  { absolute }: RawComparison,
  adjustedPValue: number,
  good: MetricReading['goodDirection'],
  alpha: number,
) {
  const isSignificant = adjustedPValue <= alpha;
  const isBetter = good === 'increase' ? absolute.estimate > 0 : absolute.estimate < 0;
  const reading: Comparison['reading'] = !isSignificant ? 'not shown' : isBetter ? 'better' : 'worse';
  return { isSignificant, reading };
}
