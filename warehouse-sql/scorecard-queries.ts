import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { Row, StatementParameter } from '../warehouse/port.ts';
import { compose, type Dialect, type TypedStatement } from './dialect.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { unitOutcomes } from './intermediate/unit-outcomes.ts';
import { SUFFICIENT_STATISTICS } from './marts/sufficient-statistics.ts';
import { unitMetrics } from './marts/unit-metrics.ts';
import { stagingExposures } from './staging/exposures.ts';
import { stagingLinks } from './staging/links.ts';
import { outcomeParameters, stagingOutcomes } from './staging/outcomes.ts';

/** One epoch at one time. */
export interface Analysis {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly asOfMs: number;
  /** No exposure after this counts: when the analysis closed, else `asOfMs`. */
  readonly closedAtMs: number;
}

export interface SplitRow extends Row {
  readonly variant: string;
  readonly units: number;
}

/** How many units each variant has. */
export function splitQuery(dialect: Dialect, analysis: Analysis): TypedStatement<SplitRow> {
  const models = [stagingExposures(dialect), FIRST_EXPOSURES];
  const sql = 'SELECT variant, COUNT(*) AS units FROM int_first_exposures GROUP BY variant ORDER BY variant';
  return compose(models, sql, exposureParameters(analysis));
}

export interface SegmentSplitRow extends SplitRow {
  readonly attribute: string;
  readonly value: string;
}

/** The same by the experiment's segments. Only for an experiment that has any. */
export function segmentSplitQuery(
  dialect: Dialect,
  analysis: Analysis,
  attributes: ExperimentDefinition['segments'],
): TypedStatement<SegmentSplitRow> {
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

export interface LeftOutRow extends Row {
  readonly crossed_units: number;
  readonly not_random_exposures: number;
}

/** What is not analysed as it came: units that met several variants, and exposures that are no evidence. */
export function leftOutQuery(dialect: Dialect, analysis: Analysis): TypedStatement<LeftOutRow> {
  const crossed = {
    name: 'int_crossed_units',
    sql: `
-- One row per unit that met more than one variant by a random split: unit_id.
SELECT unit_id FROM stg_exposures WHERE reason = 'REASON_SPLIT' GROUP BY unit_id HAVING COUNT(DISTINCT variant) > 1`,
  };
  const sql = `
SELECT
  (SELECT COUNT(*) FROM int_crossed_units) AS crossed_units,
  (SELECT COUNT(*) FROM stg_exposures WHERE reason <> 'REASON_SPLIT') AS not_random_exposures`;
  return compose([stagingExposures(dialect), crossed], sql, exposureParameters(analysis));
}

export interface StatisticsRow extends Row {
  readonly variant: string;
  readonly units: number;
  readonly sum_y: number;
  readonly sum_yy: number;
  readonly sum_x: number;
  readonly sum_xx: number;
  readonly sum_xy: number;
}

/** The sufficient statistics of one metric, over matured units. */
export function statisticsQuery(
  dialect: Dialect,
  analysis: Analysis,
  metric: MetricDefinition,
  unitType: string,
): TypedStatement<StatisticsRow> {
  const models = [
    stagingExposures(dialect),
    stagingLinks(dialect),
    stagingOutcomes(dialect, metric),
    FIRST_EXPOSURES,
    unitOutcomes(dialect, unitType),
    unitMetrics(dialect, metric),
    SUFFICIENT_STATISTICS,
  ];
  return compose(models, 'SELECT * FROM sufficient_statistics ORDER BY variant', {
    ...exposureParameters(analysis),
    ...outcomeParameters(metric),
    as_of: new Date(analysis.asOfMs),
  });
}

function exposureParameters({ experimentKey, epoch, closedAtMs }: Analysis): Record<string, StatementParameter> {
  return { experiment_key: experimentKey, epoch, closed_at: new Date(closedAtMs) };
}
