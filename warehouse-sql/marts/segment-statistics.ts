import type { CountedMetric } from '../sources.ts';
import type { Dialect, Model } from '../dialect.ts';

/** One metric by the segments of the first exposure, for an effect within each of them. */
export function segmentStatistics(
  dialect: Dialect,
  metric: { readonly index: number; readonly windowMs: CountedMetric['windowMs'] },
  attributes: readonly string[],
): Model {
  const { index } = metric;
  const parts = attributes.map(
    (attribute, place) => `
SELECT
  '${attribute}' AS attribute,
  segment_${place} AS value,
  variant,
  COUNT(*) AS units,
  SUM(y_${index}) AS sum_y,
  SUM(y_${index} * y_${index}) AS sum_yy,
  SUM(x_${index}) AS sum_x,
  SUM(x_${index} * x_${index}) AS sum_xx,
  SUM(x_${index} * y_${index}) AS sum_xy
FROM unit_metrics
WHERE segment_${place} IS NOT NULL
  AND ${dialect.addMs('first_exposed_at', metric.windowMs)} <= ${dialect.parameter('as_of')}
GROUP BY segment_${place}, variant`,
  );
  return {
    name: 'segment_statistics',
    sql: `
-- One row per segment attribute, its value and variant, over the units whose window has closed: units, and sums, squares and the cross
-- product of y and x of one metric over them.${parts.join('\nUNION ALL')}`,
  };
}
