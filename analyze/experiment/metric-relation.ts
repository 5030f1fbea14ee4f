import type { RatioPair } from '../../estimators/metrics/ratio.ts';
import type { MetricExpression } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';
import { atMost, covariateColumn, denominatorColumn, UNITS, valueColumn, type KnownCovariate } from './units.ts';

/** Which metric is read, over what, and with which covariates. */
export interface Reading {
  readonly request: ExperimentRequest;
  readonly metric: MetricExpression;
  readonly metricIndex: number;
  /** Where values are cut; null: nowhere. */
  readonly capAt: number | null;
  readonly covariates: readonly KnownCovariate[];
  /** The column of `units` to read by; null: the whole file. */
  readonly groupBy: string | null;
}

interface Numbers {
  /** SQL of the numbers per row of `relationOf`. */
  readonly entries: readonly string[];
  /** The metric and then the covariates, as numbers over others. */
  readonly pairs: readonly RatioPair[];
}

/**
 * The numbers per unit that a metric is made of, and how: a mean is one number, a ratio one over another. Where clusters were randomized
 * every number is a cluster's sum, and a mean is the sum of its values over the number of its units.
 */
export function numbersOf({ request, metric, covariates }: Reading): Numbers {
  const isClustered = request.design.kind !== 'user';
  const isRatio = metric.type === 'ratio' || metric.type === 'quantile';
  const entries = ['v', ...(isRatio ? ['w'] : [])];
  const covariateEntries = covariateNumbers(covariates).map((_, index) => `k${index}`);
  const places = covariateEntries.map((_, index) => entries.length + index);
  const all = [...entries, ...covariateEntries, ...(isClustered ? ['unit_count'] : [])];
  const size = isClustered ? all.length - 1 : null;
  const first: RatioPair = { numerator: 0, denominator: isRatio ? 1 : size };
  return { entries: all, pairs: [first, ...places.map((numerator) => ({ numerator, denominator: size }))] };
}

/**
 * SQL of one row per unit that has the metric (v, of a ratio also w) with its covariates (k), or of one row per cluster with their sums.
 *
 * @param values for a quantile: SQL over `units` that gives v and w
 */
export function relationOf(reading: Reading, values = valuesOf(reading)): string {
  const { request, covariates, groupBy } = reading;
  const numbers = covariateNumbers(covariates);
  const columns = numbers.map((sql, index) => `${sql} AS k${index}`);
  const units = `
  SELECT arm, ${groupBy ?? 'CAST(NULL AS VARCHAR)'} AS grp, ${['v', 'w', ...columns].join(', ')}
  ${request.design.kind === 'user' ? '' : ', cluster'}
  FROM (${values}) AS units_with_values WHERE v IS NOT NULL AND w IS NOT NULL`;
  if (request.design.kind === 'user') return units;
  const sums = ['v', 'w', ...numbers.map((_, index) => `k${index}`)].map((name) => `SUM(${name}) AS ${name}`);
  return `
  SELECT arm, grp, cluster, COUNT(*) AS unit_count, SUM(v * v) AS vv, ${sums.join(', ')}
  FROM (${units}) AS units_of_clusters GROUP BY arm, grp, cluster`;
}

/** Units without history count as the mean of those with one; where there are any, their being without is a covariate too. */
function covariateNumbers(covariates: readonly KnownCovariate[]): string[] {
  return covariates.flatMap(({ index, mean, missingCount }) => {
    const x = covariateColumn(index);
    return missingCount === 0 ? [x] : [`COALESCE(${x}, ${mean})`, `CASE WHEN ${x} IS NULL THEN 1 ELSE 0 END`];
  });
}

/** SQL over `units` that adds the value (v) and what it is over (w). */
export function valuesOf({ metric, metricIndex, capAt }: Reading): string {
  const y = valueColumn(metricIndex);
  const v = capAt === null ? y : atMost(y, capAt);
  return `SELECT *, ${v} AS v, ${metric.type === 'ratio' ? denominatorColumn(metricIndex) : 1} AS w FROM ${UNITS}`;
}
