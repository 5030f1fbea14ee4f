import type { CountedMetric } from '../sources.ts';
import type { Dialect, Model } from '../dialect.ts';
import { sumsOf } from '../sums.ts';

/** One metric by the segments of the first exposure, for an effect within each of them. */
export function segmentStatistics(
  dialect: Dialect,
  metrics: readonly CountedMetric[],
  index: number,
  attributes: readonly string[],
): Model {
  const metric = metrics[index];
  if (metric === undefined) throw new RangeError(`there is no metric ${index} to read by segments`);
  const parts = attributes.map(
    (attribute, place) => `
SELECT
  '${attribute}' AS attribute,
  segment_${place} AS value,
  variant,
  ${sumsOf(dialect, metric, index)}
FROM unit_metrics
WHERE segment_${place} IS NOT NULL
  AND ${dialect.addMs('first_exposed_at', metric.windowMs)} <= ${dialect.parameter('as_of')}
GROUP BY segment_${place}, variant`,
  );
  return {
    name: 'segment_statistics',
    sql: `
-- One row per segment attribute, its value and variant, over the units whose window has closed: units, and sums, squares and the cross
-- products of y, x and (of quotients) d of one metric over them.${parts.join('\nUNION ALL')}`,
  };
}
