import { cuped, type CovariateSums } from '../../estimators/cuped.ts';
import { momentsFromSums, type Moments } from '../../estimators/moments.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { MetricExpression } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';
import { readUnitSums, type CentredSums, type UnitSums } from './unit-sums.ts';
import { covariateColumn, valueColumn, UNITS } from './units.ts';

/** Two arms after the adjustment by the covariates. */
export interface AdjustedPair {
  readonly control: Moments;
  readonly treatment: Moments;
  readonly varianceRemovedRatio: number;
}

/** What one metric is in each arm (of one segment). */
export interface MetricMoments {
  readonly arms: ReadonlyMap<string, Moments>;
  /** null without covariates. */
  readonly adjusted: ((control: string, arm: string) => AdjustedPair) | null;
}

/** The moments of a metric by arm: one entry for the whole file, or one per value of a segment. */
export async function readMetricMoments(
  warehouse: Warehouse,
  request: ExperimentRequest,
  metricIndex: number,
  { groupBy, capAt }: { readonly groupBy: string | null; readonly capAt: number | null },
): Promise<ReadonlyMap<string | null, MetricMoments>> {
  const metric = request.metrics[metricIndex];
  if (metric === undefined) throw new RangeError(`metric ${metricIndex} is not there`);
  if (metric.type === 'ratio' || metric.type === 'quantile')
    throw new AnalyzeError(`metric ${metric.expression}: a ${metric.type} cannot be read yet`);
  const y = valueColumn(metricIndex);
  const entries = [capAt === null ? y : `LEAST(${y}, ${capAt})`, ...covariateEntries(request)];
  const sums = await readUnitSums(warehouse, entries, groupBy);
  const groups = new Map<string | null, MetricMoments>();
  for (const group of new Set(sums.groups.map((each) => each.group)))
    groups.set(group, momentsOfGroup(sums, group, request));
  return groups;
}

function covariateEntries({ covariates }: ExperimentRequest): string[] {
  return covariates.map((_, index) => {
    const x = covariateColumn(index);
    return `COALESCE(${x}, (SELECT AVG(${x}) FROM ${UNITS}), 0)`;
  });
}

function momentsOfGroup(
  { centres, groups }: CentredSums,
  group: string | null,
  request: ExperimentRequest,
): MetricMoments {
  const byArm = new Map(groups.filter((each) => each.group === group).map((each) => [each.arm, each]));
  const centre = centres[0] ?? 0;
  const arms = new Map([...byArm].map(([arm, sums]) => [arm, meanMoments(sums, centre)]));
  if (request.covariates.length === 0) return { arms, adjusted: null };
  const of = (arm: string): CovariateSums => {
    const sums = byArm.get(arm);
    if (sums === undefined) throw new RangeError(`arm ${arm} has no units`);
    return covariateSums(sums);
  };
  const adjusted = (control: string, arm: string): AdjustedPair => {
    const pair = cuped(of(control), of(arm));
    const shifted = (moments: Moments): Moments => ({ ...moments, mean: moments.mean + centre });
    return { ...pair, control: shifted(pair.control), treatment: shifted(pair.treatment) };
  };
  return { arms, adjusted };
}

function meanMoments({ count, sums, products }: UnitSums, centre: number): Moments {
  const moments = momentsFromSums({ count, sum: sums[0] ?? 0, sumOfSquares: products[0]?.[0] ?? 0 });
  return { ...moments, mean: moments.mean + centre };
}

function covariateSums({ count, sums, products }: UnitSums): CovariateSums {
  return {
    count,
    sumY: sums[0] ?? 0,
    sumYY: products[0]?.[0] ?? 0,
    sumX: sums[1] ?? 0,
    sumXX: products[1]?.[1] ?? 0,
    sumXY: products[0]?.[1] ?? 0,
  };
}

/** Where a metric's values are cut, in its own unit; null: nowhere. */
export async function readCap(
  warehouse: Warehouse,
  metric: MetricExpression,
  metricIndex: number,
): Promise<number | null> {
  if (!('cap' in metric) || metric.cap === null) return null;
  if (metric.cap.kind === 'fixed') return metric.cap.value;
  const [row] = await warehouse.query<{ cap: number | null }>({
    sql: `SELECT quantile_cont(${valueColumn(metricIndex)}, ${metric.cap.percentile / 100}) AS cap FROM ${UNITS}`,
    parameters: {},
  });
  return row?.cap ?? null;
}
