import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { Row, StatementParameter } from '../warehouse/port.ts';
import { compose, type Dialect, type TypedStatement } from './dialect.ts';
import { CROSSED_UNITS } from './intermediate/crossed-units.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { unitOutcomes } from './intermediate/unit-outcomes.ts';
import { sufficientStatistics } from './marts/sufficient-statistics.ts';
import { unitMetrics } from './marts/unit-metrics.ts';
import { stagingExposures } from './staging/exposures.ts';
import { stagingLinks } from './staging/links.ts';
import { outcomeParameters, stagingOutcomes } from './staging/outcomes.ts';

/** One epoch at one time. */
export interface Analysis {
  readonly experimentKey: string;
  readonly epoch: number;
  /** What the experiment randomizes, such as `user`. */
  readonly unitType: string;
  /**
   * Exposures after this do not count, nor do windows that were still open: when the analysis closed, because from then on units see what
   * was decided and not their arm; else the time of asking.
   */
  readonly asOfMs: number;
}

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

/**
 * Everything that a scorecard counts, in one statement: all of it belongs to the same moment while events come in, and exposures and
 * outcomes are read once for all metrics.
 */
export function scorecardQuery(
  dialect: Dialect,
  analysis: Analysis,
  metrics: readonly MetricDefinition[],
): TypedStatement<ScorecardRow> {
  if (metrics.length === 0) throw new RangeError('a scorecard needs at least one metric');
  const models = [
    stagingExposures(dialect),
    FIRST_EXPOSURES,
    CROSSED_UNITS,
    stagingLinks(dialect),
    stagingOutcomes(dialect, metrics, analysis.unitType),
    unitOutcomes(analysis.unitType),
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
    count('crossed', "''", 'int_crossed_units'),
    count('not_random', "''", "stg_exposures WHERE reason IS NULL OR reason <> 'REASON_SPLIT'"),
    "SELECT 'matured' AS part, metric, variant, units, sum_y, sum_yy, sum_x, sum_xx, sum_xy FROM sufficient_statistics",
  ].join('\nUNION ALL\n');
  return compose(models, `${sql}\nORDER BY part, metric, variant`, {
    ...exposureParameters(analysis),
    ...outcomeParameters(metrics),
    as_of: new Date(analysis.asOfMs),
  });
}

export interface SegmentSplitRow extends Row {
  readonly attribute: string;
  readonly value: string;
  readonly variant: string;
  readonly units: number;
}

/** How many units each variant has, by the experiment's segments. Only for an experiment that has any. */
export function segmentSplitQuery(
  dialect: Dialect,
  analysis: Analysis,
  attributes: ExperimentDefinition['segments'],
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
  return compose([stagingExposures(dialect), FIRST_EXPOSURES], sql, exposureParameters(analysis));
}

function exposureParameters({ experimentKey, epoch, asOfMs }: Analysis): Record<string, StatementParameter> {
  return { experiment_key: experimentKey, epoch, closed_at: new Date(asOfMs) };
}
