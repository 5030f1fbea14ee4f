import type { Row } from '../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from './dialect.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { cappedMetrics, hasPercentileCap, UNCAPPED } from './marts/capped-metrics.ts';
import { funnels } from './marts/funnels.ts';
import { isQuantile, quantiles } from './marts/quantiles.ts';
import { segmentStatistics } from './marts/segment-statistics.ts';
import { sufficientStatistics } from './marts/sufficient-statistics.ts';
import { unitMetrics } from './marts/unit-metrics.ts';
import { SUMS } from './sums.ts';
import type { CountedMetric, Sources } from './sources.ts';

/**
 * A part of a scorecard, told by `part`:
 * - `exposed`: units by variant (`metric` is −1, the sums are 0);
 * - `crossed`: units that met several variants, `not_random`: exposures that are no evidence (`variant` is empty);
 * - `matured`: the sufficient statistics of a metric (its place in the list) in a variant, over the units whose window has closed;
 * - `segment`: those of one metric within the units whose segment `attribute` has the value `value` (both are empty elsewhere).
 */
export interface ScorecardRow extends Row {
  readonly part: 'exposed' | 'crossed' | 'not_random' | 'matured' | 'segment';
  readonly attribute: string;
  readonly value: string;
  readonly metric: number;
  readonly variant: string;
  readonly units: number;
  readonly sum_y: number;
  readonly sum_yy: number;
  readonly sum_x: number;
  readonly sum_xx: number;
  readonly sum_xy: number;
  /** Of the denominator d, over the same units; null where the metric is no quotient. */
  readonly sum_d: number | null;
  readonly sum_dd: number | null;
  readonly sum_yd: number | null;
  readonly sum_xd: number | null;
}

export interface SegmentSplitRow extends Row {
  readonly attribute: string;
  readonly value: string;
  readonly variant: string;
  readonly units: number;
}

/** What is read by segments, beside the whole. */
export interface SegmentQuestion {
  /** Segment attributes; none: nothing is read by segments. */
  readonly attributes: readonly string[];
  /** Place of the metric in the list. */
  readonly metric: number;
}

/** @throws RangeError without metrics, or where the segments' metric is not among them */
export function composeScorecard(
  dialect: Dialect,
  sources: Sources,
  metrics: readonly CountedMetric[],
  { attributes: asked, metric }: SegmentQuestion = { attributes: [], metric: 0 },
): TypedStatement<ScorecardRow> {
  if (metrics.length === 0) throw new RangeError('a scorecard needs at least one metric');
  if (metrics[metric] === undefined) throw new RangeError(`there is no metric ${metric} to read by segments`);
  // A quantile within a segment would need all of its events again; it is read as a whole.
  const attributes = isQuantile(metrics[metric]) ? [] : asked;
  const models = [
    ...sources.exposures,
    FIRST_EXPOSURES,
    ...sources.outcomes,
    ...unitModels(dialect, metrics, attributes),
    sufficientStatistics(dialect, metrics),
    ...(attributes.length === 0 ? [] : [segmentStatistics(dialect, metrics, metric, attributes)]),
  ];
  const zero = dialect.toDouble('0');
  const none = dialect.toDouble('NULL');
  const count = (part: string, variant: string, from: string): string =>
    `SELECT '${part}' AS part, '' AS attribute, '' AS value, -1 AS metric, ${variant} AS variant, COUNT(*) AS units, ` +
    ['y', 'yy', 'x', 'xx', 'xy'].map((sum) => `${zero} AS sum_${sum}, `).join('') +
    ['d', 'dd', 'yd', 'xd'].map((sum) => `${none} AS sum_${sum}`).join(', ') +
    ` FROM ${from}`;
  const sql = [
    count('exposed', 'variant', 'int_first_exposures GROUP BY variant'),
    count('crossed', "''", 'int_first_exposures WHERE is_crossed'),
    count('not_random', "''", "stg_exposures WHERE reason IS NULL OR reason <> 'REASON_SPLIT'"),
    `SELECT 'matured' AS part, '' AS attribute, '' AS value, metric, variant, ${SUMS} FROM sufficient_statistics`,
    ...(attributes.length === 0
      ? []
      : [`SELECT 'segment' AS part, attribute, value, ${metric} AS metric, variant, ${SUMS} FROM segment_statistics`]),
  ].join('\nUNION ALL\n');
  return compose(models, `${sql}\nORDER BY part, attribute, value, metric, variant`, sources.parameters);
}

/** The models up to `unit_metrics`. */
export function unitModels(
  dialect: Dialect,
  metrics: readonly CountedMetric[],
  attributes: readonly string[] = [],
): Model[] {
  const models = unitMetrics(dialect, metrics, attributes);
  const steps = [...funnels(dialect, metrics), ...quantiles(dialect, metrics)];
  if (!hasPercentileCap(metrics)) return [...steps, models];
  return [...steps, { ...models, name: UNCAPPED }, ...cappedMetrics(dialect, metrics, attributes)];
}

/** @throws RangeError without attributes */
export function composeSegmentSplit(
  dialect: Dialect,
  { exposures, parameters }: Pick<Sources, 'exposures' | 'parameters'>,
  attributes: readonly string[],
): TypedStatement<SegmentSplitRow> {
  if (attributes.length === 0) throw new RangeError('the experiment has no segments');
  const bySegment = attributes.map((attribute) => {
    const value = dialect.jsonText('segments', attribute);
    return `SELECT '${attribute}' AS attribute, ${value} AS value, variant FROM int_first_exposures WHERE ${value} IS NOT NULL`;
  });
  const sql = `
SELECT attribute, value, variant, COUNT(*) AS units
FROM (
  ${bySegment.join('\n  UNION ALL\n  ')}
) AS segmented
GROUP BY attribute, value, variant
ORDER BY attribute, value, variant`;
  return compose([...exposures, FIRST_EXPOSURES], sql, parameters);
}
