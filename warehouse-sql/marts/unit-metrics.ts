import { isQuotient } from '../../definitions/metric.ts';
import type { CountedMetric } from '../sources.ts';
import { isFunnel } from './funnels.ts';
import { isQuantile } from './quantiles.ts';
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
    const { fromMs = 0 } = metric;
    // Of no unit on its own.
    if (isQuantile(metric)) return ['y', 'x'].map((side) => `${dialect.toDouble('0')} AS ${side}_${index}`);
    if (isFunnel(metric)) return funnelColumns(dialect, metric, index);
    const value = `outcome.value_${index}`;
    const start = fromMs === 0 ? 'exposure.first_exposed_at' : at(fromMs);
    const y = total(metric, value, start, at(windowMs));
    const x = total(metric, value, at(-covariateMs), 'exposure.first_exposed_at');
    const d = total(metric, `outcome.denominator_${index}`, 'exposure.first_exposed_at', at(windowMs));
    return [
      `${dialect.toDouble(y)} AS y_${index}`,
      `${dialect.toDouble(x)} AS x_${index}`,
      ...(isQuotient(metric) ? [`${dialect.toDouble(d)} AS d_${index}`] : []),
    ];
  });
  const segmentColumns = segments.map((attribute, index) => {
    const value = dialect.jsonText('exposure.segments', attribute);
    // All rows of a unit have the same one.
    return `MIN(${value}) AS segment_${index}`;
  });
  const reached = metrics.map((metric, index) =>
    isFunnel(metric) ? `\nLEFT JOIN funnel_${index} ON funnel_${index}.unit_id = exposure.unit_id` : '',
  );
  return {
    name: 'unit_metrics',
    sql: `
-- One row per unit: unit_id, variant, first_exposed_at, and for each metric y_0 (in its window) and x_0 (before the first exposure; 0
-- without a covariate), y_1, x_1, …; d_0, … (in the window) of quotients; segment_0, … where asked for.
SELECT
  exposure.unit_id,
  exposure.variant,
  exposure.first_exposed_at,
  ${[...segmentColumns, ...columns].join(',\n  ')}
FROM int_first_exposures AS exposure
LEFT JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= ${at(-longest.covariateMs)}
  AND outcome.occurred_at < ${at(longest.windowMs)}${reached.join('')}
GROUP BY exposure.unit_id, exposure.variant, exposure.first_exposed_at`,
  };
}

/** All rows of a unit have the same. */
function funnelColumns(dialect: Dialect, metric: CountedMetric, index: number): string[] {
  const of = (side: string): string => dialect.toDouble(`COALESCE(MAX(funnel_${index}.${side}), 0)`);
  return [
    `${of('y')} AS y_${index}`,
    `${dialect.toDouble('0')} AS x_${index}`,
    ...(isQuotient(metric) ? [`${of('d')} AS d_${index}`] : []),
  ];
}

/** A metric over the unit's own outcomes in [from, to). */
function total({ type, cap }: CountedMetric, value: string, from: string, to: string): string {
  const own = `CASE WHEN outcome.occurred_at >= ${from} AND outcome.occurred_at < ${to} THEN ${value} END`;
  if (type === 'count_distinct') return `COUNT(DISTINCT ${own})`;
  const aggregate = type === 'proportion' || type === 'retention' ? 'MAX' : 'SUM';
  const whole = `COALESCE(${aggregate}(${own}), 0)`;
  return cap === undefined ? whole : `LEAST(${whole}, ${cap})`;
}
