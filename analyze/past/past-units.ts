import { isQuotient } from '../../definitions/metric.ts';
import type { AaHistory } from '../../estimators/reading/retrospective-aa.ts';
import type { PastUnits } from '../../warehouse-sql/past-queries.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { PastMetricKind, PastSource } from './past-source.ts';
import { iso, noUnits, type PastRequest } from './past-time.ts';

/** The units whose window of a metric closed in the time, in the order in which they came. */
export interface PastMetric {
  readonly metric: PastMetricKind;
  readonly history: AaHistory;
  /** Whether the same metric before the unit's first event is a covariate. */
  readonly hasCovariate: boolean;
}

/** @throws AnalyzeError for a quantile, which has no number per unit, or where no unit is left */
export async function readPastMetrics(
  source: PastSource,
  request: PastRequest,
  past: PastUnits,
): Promise<readonly PastMetric[]> {
  const { metrics } = source;
  for (const { key, type } of metrics)
    if (type === 'quantile')
      throw new AnalyzeError(
        `metric ${key}: a quantile has no number per unit to split; use a mean, a proportion or a ratio`,
      );
  const { rowCount, columns } = await source.units(past);
  if (rowCount === 0) throw new AnalyzeError(noUnits(request, past));
  const column = (name: string): Float64Array => {
    const values = columns[name];
    if (values === undefined) throw new RangeError(`the warehouse answered without column ${name}`);
    return values;
  };
  return metrics.map((metric, index) => {
    const matured = maturedCount(column('began_ms'), past.untilMs - metric.windowMs);
    if (matured === 0)
      throw new AnalyzeError(
        `metric ${metric.key}: no unit's window of ${metric.windowMs / 3_600_000} hours closed until ${iso(past.untilMs)}; begin earlier with --since`,
      );
    // A view, because units are in the order in which they began.
    const upTo = (name: string): Float64Array => column(name).subarray(0, matured);
    const denominators = isQuotient(metric) ? [upTo(`d_${index}`)] : [];
    const covariates = metric.covariateMs > 0 ? [upTo(`x_${index}`)] : [];
    return {
      metric,
      hasCovariate: covariates.length > 0,
      history: {
        keys: upTo('unit_key'),
        numbers: [upTo(`y_${index}`), ...denominators, ...covariates],
        pairs: [
          { numerator: 0, denominator: denominators.length === 0 ? null : 1 },
          ...covariates.map(() => ({ numerator: 1 + denominators.length, denominator: null })),
        ],
      },
    };
  });
}

/** How many of the rising times are at most `last`. */
function maturedCount(risingMs: Float64Array, lastMs: number): number {
  let [low, high] = [0, risingMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((risingMs[middle] ?? Infinity) <= lastMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
