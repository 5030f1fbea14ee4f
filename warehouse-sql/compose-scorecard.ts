import type { Row } from '../warehouse/port.ts';
import { compose, type Dialect, type TypedStatement } from './dialect.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { sufficientStatistics } from './marts/sufficient-statistics.ts';
import { unitMetrics } from './marts/unit-metrics.ts';
import type { CountedMetric, Sources } from './sources.ts';

/**
 * A part of a scorecard, told by `part`:
 * - `exposed`: units by variant (`metric` is −1, the sums are 0);
 * - `crossed`: units that met several variants, `not_random`: exposures that are no evidence (`variant` is empty);
 * - `matured`: the sufficient statistics of a metric (its place in the list) in a variant, over the units whose window has closed.
 */
export interface ScorecardRow extends Row {
  readonly part: 'exposed' | 'crossed' | 'not_random' | 'matured';
  readonly metric: number;
  readonly variant: string;
  readonly units: number;
  readonly sum_y: number;
  readonly sum_yy: number;
  readonly sum_x: number;
  readonly sum_xx: number;
  readonly sum_xy: number;
}

export interface SegmentSplitRow extends Row {
  readonly attribute: string;
  readonly value: string;
  readonly variant: string;
  readonly units: number;
}

/** @throws RangeError without metrics */
export function composeScorecard(
  dialect: Dialect,
  sources: Sources,
  metrics: readonly CountedMetric[],
): TypedStatement<ScorecardRow> {
  if (metrics.length === 0) throw new RangeError('a scorecard needs at least one metric');
  const models = [
    ...sources.exposures,
    FIRST_EXPOSURES,
    ...sources.outcomes,
    unitMetrics(dialect, metrics),
    sufficientStatistics(dialect, metrics),
  ];
  const zero = dialect.toDouble('0');
  const count = (part: string, variant: string, from: string): string =>
    `SELECT '${part}' AS part, -1 AS metric, ${variant} AS variant, COUNT(*) AS units, ` +
    ['y', 'yy', 'x', 'xx', 'xy'].map((sum) => `${zero} AS sum_${sum}`).join(', ') +
    ` FROM ${from}`;
  const sql = [
    count('exposed', 'variant', 'int_first_exposures GROUP BY variant'),
    count('crossed', "''", 'int_first_exposures WHERE is_crossed'),
    count('not_random', "''", "stg_exposures WHERE reason IS NULL OR reason <> 'REASON_SPLIT'"),
    "SELECT 'matured' AS part, metric, variant, units, sum_y, sum_yy, sum_x, sum_xx, sum_xy FROM sufficient_statistics",
  ].join('\nUNION ALL\n');
  return compose(models, `${sql}\nORDER BY part, metric, variant`, sources.parameters);
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
