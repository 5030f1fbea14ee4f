import { isQuotient } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';
import type { CountedMetric } from '../sources.ts';

/** Where some metrics are cut at a percentile of all units: the units' metrics before that have this name. */
export const UNCAPPED = 'uncapped_metrics';

export function hasPercentileCap(metrics: readonly CountedMetric[]): boolean {
  return metrics.some(({ capPercentile }) => capPercentile !== undefined);
}

/**
 * Cuts metrics at a percentile of the units of all variants whose window has closed: the smallest value that at least this share of them does not
 * exceed, which no interpolation makes different between two engines.
 */
export function cappedMetrics(
  dialect: Dialect,
  metrics: readonly CountedMetric[],
  segments: readonly string[],
): readonly Model[] {
  const capped = metrics.flatMap(({ capPercentile, windowMs }, index) =>
    capPercentile === undefined ? [] : [{ index, share: capPercentile / 100, windowMs }],
  );
  const caps = capped.map(({ index, share, windowMs }) => ({
    name: `cap_${index}`,
    sql: `
-- At most one row: cap, where metric ${index} is cut.
SELECT MIN(y) AS cap
FROM (
  SELECT y_${index} AS y, ROW_NUMBER() OVER (ORDER BY y_${index}) AS place, COUNT(*) OVER () AS unit_count
  FROM ${UNCAPPED}
  WHERE ${dialect.addMs('first_exposed_at', windowMs)} <= ${dialect.parameter('as_of')}
) AS in_order
WHERE place >= ${share} * unit_count`,
  }));
  const isCapped = new Set(capped.map(({ index }) => index));
  const columns = metrics.flatMap((metric, index) =>
    ['y', 'x', ...(isQuotient(metric) ? ['d'] : [])].map((side) => {
      const column = `${side}_${index}`;
      if (!isCapped.has(index)) return column;
      return `LEAST(${column}, COALESCE(cap_${index}.cap, ${column})) AS ${column}`;
    }),
  );
  const kept = ['unit_id', 'variant', 'first_exposed_at', ...segments.map((_, index) => `segment_${index}`)];
  return [
    ...caps,
    {
      name: 'unit_metrics',
      sql: `
-- One row per unit, as ${UNCAPPED} has it, with metrics cut at their percentile.
SELECT
  ${[...kept, ...columns].join(',\n  ')}
FROM ${UNCAPPED}
${caps.map(({ name }) => `CROSS JOIN ${name}`).join('\n')}`,
    },
  ];
}
