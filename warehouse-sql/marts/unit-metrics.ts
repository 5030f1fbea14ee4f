import type { MetricDefinition } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';

/** A metric's value for each unit whose window has closed, and the same metric before its exposure. */
export function unitMetrics(dialect: Dialect, metric: MetricDefinition): Model {
  const endsAt = dialect.addMs('exposure.first_exposed_at', metric.windowMs);
  const beginsAt = dialect.addMs('exposure.first_exposed_at', -metric.covariateMs);
  const during = 'outcome.occurred_at >= exposure.first_exposed_at';
  return {
    name: 'unit_metrics',
    sql: `
-- One row per matured unit: unit_id, variant, y (the metric in its window), x (the metric before the first exposure; 0 without a covariate).
SELECT
  exposure.unit_id,
  exposure.variant,
  ${dialect.toDouble(total(metric, during))} AS y,
  ${dialect.toDouble(total(metric, `NOT (${during})`))} AS x
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= ${beginsAt}
  AND outcome.occurred_at < ${endsAt}
WHERE ${endsAt} <= ${dialect.parameter('as_of')}
GROUP BY exposure.unit_id, exposure.variant`,
  };
}

function total({ type }: MetricDefinition, condition: string): string {
  if (type === 'proportion') return `COALESCE(MAX(CASE WHEN ${condition} THEN 1 ELSE 0 END), 0)`;
  return `COALESCE(SUM(CASE WHEN ${condition} THEN outcome.value ELSE 0 END), 0)`;
}
