import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { adjustedPValues } from '../../estimators/comparisons/adjusted-p-values.ts';
import { bayesianView } from './bayesian-view.ts';
import { endingOf } from './ending.ts';
import type { MetricExpression } from './metric-expression.ts';
import { readEstimates, type MetricEstimates, type RawComparison } from './metric-estimates.ts';
import { readCap } from './metric-moments.ts';
import type { ExperimentRequest } from './request.ts';
import type { Comparison, MetricReading, SplitReading } from './result.ts';
import { forSelected, selectedInterval } from './selected-intervals.ts';
import type { KnownCovariate } from './units.ts';

/** What adjusts a metric: the covariates, and the metric's own prediction where one is asked for. */
export type CovariatesOf = (metricIndex: number, capAt: number | null) => Promise<readonly KnownCovariate[]>;

/** Every metric, each arm against control; p-values corrected within the primary metric, and over all others. */
export async function readMetrics(
  warehouse: Warehouse,
  request: ExperimentRequest,
  split: SplitReading,
  covariatesOf: CovariatesOf,
): Promise<readonly MetricReading[]> {
  const found: { reading: Omit<MetricReading, 'comparisons'>; raw: readonly RawComparison[] }[] = [];
  const readAs = async (asked: ExperimentRequest, index: number, capAt: number | null): Promise<MetricEstimates> => {
    const metric = request.metrics[index];
    if (metric === undefined) throw new RangeError(`there is no metric ${index}`);
    const covariates = await covariatesOf(index, capAt);
    const reading = { request: asked, metric, metricIndex: index, capAt, covariates, groupBy: null };
    const estimates = (await readEstimates(warehouse, reading)).get(null);
    if (estimates !== undefined) return estimates;
    throw new AnalyzeError(`metric ${metric.expression}: no arm has two units with a value`);
  };
  for (const [index, metric] of request.metrics.entries()) {
    const capAt = await readCap(warehouse, metric, index);
    const estimates = await readAs(request, index, capAt);
    const raw = split.arms.slice(1).map(({ arm }) => estimates.compare(arm));
    const arms = split.arms.flatMap(({ arm }) => estimates.arms.get(arm) ?? []);
    found.push({ reading: { ...describe(metric, index), capAt, arms }, raw });
  }
  const families = [found.slice(0, 1), found.slice(1)].map((family) => correct(family, request));
  return await Promise.all(
    found.map(async ({ reading, raw }, index) => {
      const { adjustedOf, selected } = families[index === 0 ? 0 : 1] ?? noFamily();
      const estimates = selected === null ? null : await readAs(selected, index, reading.capAt);
      const comparisons = raw.map((each) => {
        const adjustedPValue = adjustedOf(each);
        const judged = judge(each, adjustedPValue, reading.goodDirection, request.alpha);
        const bayesian = bayesianView(each.absolute, reading.goodDirection, request.alpha);
        const ending =
          index === 0 ? endingOf(each, reading.goodDirection, request) : { futility: null, afterStopping: null };
        const isAmongOthers = judged.isSignificant && estimates !== null && selected !== null;
        const interval = isAmongOthers ? selectedInterval(estimates, each.arm, selected.alpha) : null;
        return { ...each, adjustedPValue, ...judged, selected: interval, bayesian, ...ending };
      });
      return { ...reading, comparisons };
    }),
  );
}

/** Comparisons that are corrected together: those of the primary metric, and those of all others. */
function correct(family: readonly { readonly raw: readonly RawComparison[] }[], request: ExperimentRequest) {
  const all = family.flatMap(({ raw }) => raw);
  const adjusted = adjustedPValues(
    all.map(({ pValue }) => pValue),
    request.correction,
  );
  const adjustedOf = (each: RawComparison): number => adjusted[all.indexOf(each)] ?? each.pValue;
  const selectedCount = adjusted.filter((p) => p <= request.alpha).length;
  return { adjustedOf, selected: forSelected(request, { familySize: all.length, selectedCount }) };
}

function noFamily(): never {
  throw new RangeError('a metric belongs to a family');
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
