import type { CountedMetric } from '../sources.ts';
import type { Dialect, Model } from '../dialect.ts';

/** Every metric's value for each unit, and the same metrics before its exposure. Whether a window has closed is not asked here. */
export function unitMetrics(
  dialect: Dialect,
  metrics: readonly CountedMetric[],
  segments: readonly string[] = [],
): Model {
  const at = (ms: number): string => dialect.addMs('exposure.first_exposed_at', ms);
  const longest = {
    windowMs: Math.max(...metrics.map(({ windowMs }) => windowMs)),
    covariateMs: Math.max(...metrics.map(({ covariateMs }) => covariateMs)),
  };
  const columns = metrics.flatMap((metric, index) => {
    const { windowMs, covariateMs } = metric;
    const y = total(metric, index, 'exposure.first_exposed_at', at(windowMs));
    const x = total(metric, index, at(-covariateMs), 'exposure.first_exposed_at');
    return [`${dialect.toDouble(y)} AS y_${index}`, `${dialect.toDouble(x)} AS x_${index}`];
  });
  const segmentColumns = segments.map((attribute, index) => {
    const value = dialect.jsonText('exposure.segments', attribute);
    // All rows of a unit have the same one.
    return `MIN(${value}) AS segment_${index}`;
  });
  return {
    name: 'unit_metrics',
    sql: `
-- One row per unit: unit_id, variant, first_exposed_at, and for each metric y_0 (in its window) and x_0 (before the first exposure; 0
-- without a covariate), y_1, x_1, …; segment_0, … where asked for.
SELECT
  exposure.unit_id,
  exposure.variant,
  exposure.first_exposed_at,
  ${[...segmentColumns, ...columns].join(',\n  ')}
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= ${at(-longest.covariateMs)}
  AND outcome.occurred_at < ${at(longest.windowMs)}
GROUP BY exposure.unit_id, exposure.variant, exposure.first_exposed_at`,
  };
}

/** A metric over the unit's own outcomes in [from, to). */
function total({ type }: CountedMetric, index: number, from: string, to: string): string {
  const value = `outcome.value_${index}`;
  const own = `outcome.occurred_at >= ${from} AND outcome.occurred_at < ${to}`;
  const aggregate = type === 'proportion' ? 'MAX' : 'SUM';
  return `COALESCE(${aggregate}(CASE WHEN ${own} THEN ${value} END), 0)`;
}
