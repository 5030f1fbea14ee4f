import { momentsAt, type JointMoments } from '../../estimators/joint-moments.ts';
import { linearizedRatios } from '../../estimators/metrics/ratio.ts';
import type { Moments } from '../../estimators/moments.ts';
import { cupedSeveral, type CupedSeveralResult } from '../../estimators/variance/cuped-several.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { MetricExpression } from './metric-expression.ts';
import { numbersOf, relationOf, type Reading } from './metric-relation.ts';
import { readQuantileMoments } from './quantile-moments.ts';
import { readJointMoments, type ArmMoments } from './unit-sums.ts';
import { readStrata } from './strata.ts';
import { UNITS, valueColumn } from './units.ts';

/** What one metric is in each arm (of one segment). */
export interface MetricMoments {
  readonly arms: ReadonlyMap<string, Moments>;
  /** Two arms after the adjustment; null without covariates. */
  readonly adjusted: ((control: string, arm: string) => CupedSeveralResult) | null;
}

/** The moments of a metric by arm: one entry for the whole file, or one per value of a segment. */
export async function readMetricMoments(
  warehouse: Warehouse,
  reading: Reading,
): Promise<ReadonlyMap<string | null, MetricMoments>> {
  const { postStratify } = reading.request;
  if (postStratify !== undefined && reading.groupBy === null) return await readStrata(warehouse, reading, postStratify);
  const linearized = await readLinearized(warehouse, reading);
  const groups = new Map<string | null, MetricMoments>();
  for (const group of new Set(linearized.map((each) => each.group)))
    groups.set(group, momentsOfGroup(new Map(linearized.filter((each) => each.group === group).map(byArm))));
  return groups;
}

/** One number per unit (or cluster) for the metric, then one per covariate. */
export async function readLinearized(warehouse: Warehouse, reading: Reading): Promise<readonly ArmMoments[]> {
  if (reading.metric.type === 'quantile') return await readQuantileMoments(warehouse, reading);
  const { entries, pairs } = numbersOf(reading);
  const found = await readJointMoments(warehouse, relationOf(reading), entries);
  const denominator = pairs[0]?.denominator ?? null;
  const readable = found.filter(({ moments }) => denominator === null || (moments.means[denominator] ?? 0) > 0);
  const unreadable = found.find((each) => !readable.includes(each));
  // A segment without any denominator is not read; an arm without any is an error.
  if (unreadable !== undefined && reading.groupBy === null)
    await refuseZeroDenominator(warehouse, reading, unreadable.arm);
  return readable.map(({ arm, group, moments }) => ({ arm, group, moments: linearizedRatios(moments, pairs) }));
}

async function refuseZeroDenominator(warehouse: Warehouse, { metric, request }: Reading, arm: string): Promise<never> {
  const [first] = await warehouse.query<{ row_number: number }>({
    sql: `SELECT MIN(first_row) + 1 AS row_number FROM ${UNITS} WHERE arm = $arm`,
    parameters: { arm },
  });
  const column = metric.type === 'ratio' ? metric.denominator : '';
  throw new AnalyzeError(
    `${request.file}, from data row ${first?.row_number ?? 1} on, column "${column}": every row of arm "${arm}" is 0, so metric ${metric.expression} has nothing to divide by`,
  );
}

export function byArm({ arm, moments }: ArmMoments): [string, JointMoments] {
  return [arm, moments];
}

export function momentsOfGroup(joint: ReadonlyMap<string, JointMoments>): MetricMoments {
  const arms = new Map([...joint].map(([arm, moments]) => [arm, momentsAt(moments, 0)]));
  const hasCovariates = [...joint.values()].some(({ means }) => means.length > 1);
  if (!hasCovariates) return { arms, adjusted: null };
  const of = (arm: string): JointMoments => {
    const moments = joint.get(arm);
    if (moments === undefined) throw new RangeError(`arm ${arm} has no units`);
    return moments;
  };
  return { arms, adjusted: (control, arm) => cupedSeveral(of(control), of(arm)) };
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
