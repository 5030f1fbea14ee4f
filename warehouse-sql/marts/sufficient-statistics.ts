import type { CountedMetric } from '../sources.ts';
import type { Dialect, Model } from '../dialect.ts';

/** All that the estimators need: they cost the same for a thousand units and a billion. */
export function sufficientStatistics(dialect: Dialect, metrics: readonly CountedMetric[]): Model {
  const parts = metrics.map(
    ({ windowMs }, index) => `
SELECT
  ${index} AS metric,
  variant,
  COUNT(*) AS units,
  SUM(y_${index}) AS sum_y,
  SUM(y_${index} * y_${index}) AS sum_yy,
  SUM(x_${index}) AS sum_x,
  SUM(x_${index} * x_${index}) AS sum_xx,
  SUM(x_${index} * y_${index}) AS sum_xy
FROM unit_metrics
WHERE ${dialect.addMs('first_exposed_at', windowMs)} <= ${dialect.parameter('as_of')}
GROUP BY variant`,
  );
  return {
    name: 'sufficient_statistics',
    sql: `
-- One row per metric (its place in the list) and variant, over the units whose window has closed: units, and sums, squares and
-- the cross product of y and x over them.${parts.join('\nUNION ALL')}`,
  };
}
