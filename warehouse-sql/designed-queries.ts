import { attributeOfDesign, type Design } from '../definitions/design.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import type { Row } from '../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from './dialect.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { unitOutcomes } from './intermediate/unit-outcomes.ts';
import { windowOutcomes } from './intermediate/window-outcomes.ts';
import { unitMetrics } from './marts/unit-metrics.ts';
import { windowTotals } from './marts/window-totals.ts';
import type { Analysis } from './scorecard-queries.ts';
import { stagingExposures } from './staging/exposures.ts';
import { stagingLinks } from './staging/links.ts';
import { outcomeParameters, stagingOutcomes } from './staging/outcomes.ts';

/**
 * A part of what is counted, told by `part`:
 * - `exposed`: units by variant (`metric` is −1, the total 0);
 * - `crossed`: units that met several variants, `not_random`: exposures that are no evidence (`variant` is empty);
 * - `unit`: the total of a metric (its place in the list) in one unit. Windows that are still open are among them: their names tell when they end.
 */
export interface DesignedRow extends Row {
  readonly part: 'exposed' | 'crossed' | 'not_random' | 'unit';
  readonly metric: number;
  readonly unit_id: string;
  readonly variant: string;
  readonly units: number;
  readonly total: number;
}

/**
 * What a scorecard counts where windows, clusters or regions are randomized: each unit's own totals, because standard errors depend on their
 * order in time or on how few they are.
 *
 * @throws RangeError without metrics, or for one that is no total
 */
export function designedQuery(
  dialect: Dialect,
  analysis: Analysis,
  design: Design,
  metrics: readonly MetricDefinition[],
): TypedStatement<DesignedRow> {
  assertTotals(metrics);
  const models = [stagingExposures(dialect), FIRST_EXPOSURES, ...totalsOf(dialect, design, metrics)];
  const zero = dialect.toDouble('0');
  const count = (part: string, variant: string, from: string): string =>
    `SELECT '${part}' AS part, -1 AS metric, '' AS unit_id, ${variant} AS variant, COUNT(*) AS units, ${zero} AS total FROM ${from}`;
  const sql = [
    count('exposed', 'variant', 'int_first_exposures GROUP BY variant'),
    count('crossed', "''", 'int_first_exposures WHERE is_crossed'),
    count('not_random', "''", "stg_exposures WHERE reason IS NULL OR reason <> 'REASON_SPLIT'"),
    ...metrics.map((metric, index) => unitRows(dialect, design, metric, index)),
  ].join('\nUNION ALL\n');
  const parameters = {
    experiment_key: analysis.experimentKey,
    epoch: analysis.epoch,
    closed_at: new Date(analysis.asOfMs),
    as_of: new Date(analysis.asOfMs),
    ...outcomeParameters(metrics),
  };
  const labels = { purpose: 'scorecard', experiment: analysis.experimentKey };
  return { ...compose(models, `${sql}\nORDER BY part, metric, unit_id, variant`, parameters), labels };
}

function totalsOf(dialect: Dialect, design: Design, metrics: readonly MetricDefinition[]): Model[] {
  const attribute = attributeOfDesign(design);
  if (design.type !== 'switchback') {
    return [
      stagingLinks(dialect),
      ...stagingOutcomes(dialect, metrics, attribute),
      unitOutcomes(attribute),
      unitMetrics(dialect, metrics),
    ];
  }
  const { windowMs, burnInMs } = design;
  // The first window began before its first exposure: outcomes are read from as far back.
  const fromStart = metrics.map((metric) => ({ ...metric, covariateMs: windowMs }));
  return [
    ...stagingOutcomes(dialect, fromStart, attribute),
    windowOutcomes(dialect, windowMs, burnInMs),
    windowTotals(metrics.length),
  ];
}

function unitRows(dialect: Dialect, design: Design, { windowMs }: MetricDefinition, index: number): string {
  const columns = `SELECT 'unit' AS part, ${index} AS metric, unit_id, variant, 1 AS units, ${dialect.toDouble(`y_${index}`)} AS total`;
  if (design.type === 'switchback') return `${columns} FROM window_totals`;
  const isMatured = `${dialect.addMs('first_exposed_at', windowMs)} <= ${dialect.parameter('as_of')}`;
  return `${columns} FROM unit_metrics WHERE ${isMatured}`;
}

/** @throws RangeError without metrics, or for one that is no total */
export function assertTotals(metrics: readonly MetricDefinition[]): void {
  if (metrics.length === 0) throw new RangeError('a scorecard needs at least one metric');
  for (const { key, type, cap, capPercentile } of metrics) {
    if (cap !== undefined || capPercentile !== undefined)
      throw new RangeError(
        `metric ${key} caps each user's value, but a window or a cluster has totals only: leave the cap out`,
      );
    if (type === 'count' || type === 'sum') continue;
    throw new RangeError(`metric ${key} is a ${type}; a window or a cluster has totals only: use a count or a sum`);
  }
}
