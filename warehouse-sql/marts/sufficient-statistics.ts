import type { CountedMetric } from '../sources.ts';
import type { Dialect, Model } from '../dialect.ts';
import { sumsOf } from '../sums.ts';
import { isQuantile, quantileStatistics } from './quantiles.ts';

/** All that the estimators need: they cost the same for a thousand units and a billion. */
export function sufficientStatistics(dialect: Dialect, metrics: readonly CountedMetric[]): Model {
  const parts = metrics.map((metric, index) =>
    isQuantile(metric)
      ? quantileStatistics(dialect, index)
      : `
SELECT
  ${index} AS metric,
  variant,
  ${sumsOf(dialect, metric, index)}
FROM unit_metrics
WHERE ${dialect.addMs('first_exposed_at', metric.windowMs)} <= ${dialect.parameter('as_of')}
GROUP BY variant`,
  );
  return {
    name: 'sufficient_statistics',
    sql: `
-- One row per metric (its place in the list) and variant, over the units whose window has closed: units, and sums, squares and
-- the cross products of y, x and (of quotients) d over them.${parts.join('\nUNION ALL')}`,
  };
}
