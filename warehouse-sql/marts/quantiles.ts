import type { Dialect, Model } from '../dialect.ts';
import type { CountedMetric } from '../sources.ts';

export function isQuantile({ type }: Pick<CountedMetric, 'type'>): boolean {
  return type === 'quantile';
}

/**
 * Quantiles of the events of units whose window has closed, as statistics of a mean: n units whose mean is the quantile q and whose variance is n times
 * its squared standard error, so that they are read like any other. Events of one unit resemble each other: the share of events at or below q is a ratio
 * over units (delta method), and what its standard error means for q is read from the quantiles around it.
 *
 * Sources: R. S. Woodruff, JASA 47 (1952), 635–646; A. Deng, U. Knoblich, J. Lu, KDD 2018, section 4.2.
 */
export function quantiles(dialect: Dialect, metrics: readonly CountedMetric[]): readonly Model[] {
  return metrics.flatMap((metric, index) => (isQuantile(metric) ? models(dialect, metric, index) : []));
}

function models(dialect: Dialect, { quantile: share = 0.5, windowMs }: CountedMetric, index: number): Model[] {
  const closesAt = dialect.addMs('exposure.first_exposed_at', windowMs);
  const [events, at, shares] = [`quantile_events_${index}`, `quantile_at_${index}`, `quantile_shares_${index}`];
  return [
    {
      name: events,
      sql: `
-- One row per event of a unit whose window has closed: variant, unit_id, value, its place among those of the variant, and how many there are.
SELECT
  exposure.variant, exposure.unit_id, outcome.value_${index} AS value,
  ROW_NUMBER() OVER (PARTITION BY exposure.variant ORDER BY outcome.value_${index}) AS place,
  COUNT(*) OVER (PARTITION BY exposure.variant) AS event_count
FROM int_first_exposures AS exposure
INNER JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = exposure.unit_id
  AND outcome.occurred_at >= exposure.first_exposed_at
  AND outcome.occurred_at < ${closesAt}
WHERE ${closesAt} <= ${dialect.parameter('as_of')} AND outcome.value_${index} IS NOT NULL`,
    },
    {
      name: at,
      sql: `
-- One row per variant: the quantile, and how many events the variant has.
SELECT variant, MIN(value) AS quantile, MAX(event_count) AS event_count
FROM ${events}
WHERE place >= ${share} * event_count
GROUP BY variant`,
    },
    {
      name: shares,
      sql: `
-- One row per variant: units with events, and the standard error of the share of events at or below the quantile, clustered by unit.
SELECT
  variant,
  COUNT(*) AS units,
  MAX(quantile) AS quantile,
  MAX(event_count) AS event_count,
  SQRT(SUM((below - ratio * events) * (below - ratio * events)) / (COUNT(*) - 1) / COUNT(*)) / AVG(events) AS share_error
FROM (
  SELECT
    by_unit.*,
    SUM(below) OVER (PARTITION BY variant) / SUM(events) OVER (PARTITION BY variant) AS ratio
  FROM (
    SELECT
      event.variant, event.unit_id, MAX(found.quantile) AS quantile, MAX(found.event_count) AS event_count,
      ${dialect.toDouble('SUM(CASE WHEN event.value <= found.quantile THEN 1 ELSE 0 END)')} AS below,
      ${dialect.toDouble('COUNT(*)')} AS events
    FROM ${events} AS event
    INNER JOIN ${at} AS found ON found.variant = event.variant
    GROUP BY event.variant, event.unit_id
  ) AS by_unit
) AS with_ratio
GROUP BY variant
HAVING COUNT(*) > 1`,
    },
    {
      name: `quantile_${index}`,
      sql: `
-- One row per variant with enough events: units, quantile, and its standard error.
SELECT variant, units, quantile, (upper_value - lower_value) / 2 AS standard_error
FROM (
  SELECT
    around.variant, MAX(around.units) AS units, MAX(around.quantile) AS quantile,
    MIN(CASE WHEN event.place >= (${share} - around.share_error) * around.event_count THEN event.value END) AS lower_value,
    MIN(CASE WHEN event.place >= (${share} + around.share_error) * around.event_count THEN event.value END) AS upper_value
  FROM ${shares} AS around
  INNER JOIN ${events} AS event ON event.variant = around.variant
  WHERE around.share_error > 0 AND around.share_error < ${share} AND around.share_error < 1 - ${share}
  GROUP BY around.variant
) AS around_quantile
WHERE upper_value > lower_value`,
    },
  ];
}

/** The statistics of a mean that say the same. */
export function quantileStatistics(dialect: Dialect, index: number): string {
  const none = (name: string): string => `${dialect.toDouble('NULL')} AS ${name}`;
  const zero = (name: string): string => `${dialect.toDouble('0')} AS ${name}`;
  return `
SELECT
  ${index} AS metric,
  variant,
  units,
  units * quantile AS sum_y,
  (units - 1) * units * standard_error * standard_error + units * quantile * quantile AS sum_yy,
  ${['sum_x', 'sum_xx', 'sum_xy'].map(zero).join(', ')},
  ${['sum_d', 'sum_dd', 'sum_yd', 'sum_xd'].map(none).join(', ')}
FROM quantile_${index}`;
}
