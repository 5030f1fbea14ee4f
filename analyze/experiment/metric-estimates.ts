import type { Moments } from '../../estimators/moments.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { withFewClusters } from './cluster-estimates.ts';
import { compareMoments } from './compare.ts';
import { withExactSequences } from './exact-sequences.ts';
import { readMetricMoments, type MetricMoments } from './metric-moments.ts';
import type { Reading } from './metric-relation.ts';
import type { ArmReading, Comparison } from './result.ts';
import { readSwitchbackEstimates } from './switchback-estimates.ts';

/** A comparison before any correction. */
export type RawComparison = Omit<
  Comparison,
  'adjustedPValue' | 'isSignificant' | 'reading' | 'selected' | 'bayesian' | 'futility' | 'afterStopping'
>;

/** One metric in the whole file or in one segment. */
export interface MetricEstimates {
  readonly arms: ReadonlyMap<string, ArmReading>;
  /** Why an arm cannot be compared with control; null where it can. */
  whyNot(arm: string): string | null;
  /** One arm against control. @throws AnalyzeError where it cannot be compared */
  compare(arm: string): RawComparison;
}

/** A metric for the whole file (key null), or for each value of a segment. */
export async function readEstimates(
  warehouse: Warehouse,
  reading: Reading,
): Promise<ReadonlyMap<string | null, MetricEstimates>> {
  if (reading.request.design.kind === 'switchback') return await readSwitchbackEstimates(warehouse, reading);
  const groups = await readMetricMoments(warehouse, reading);
  const estimates = new Map([...groups].map(([group, moments]) => [group, estimatesOf(moments, reading)]));
  if (reading.request.design.kind === 'cluster') return await withFewClusters(warehouse, reading, estimates);
  return await withExactSequences(warehouse, reading, estimates);
}

/** What rounding leaves of a variance that covariates explain completely. */
const EXPLAINS_ALL = 1 - 1e-9;

function estimatesOf(moments: MetricMoments, reading: Reading): MetricEstimates {
  const arms = new Map([...moments.arms].map(([arm, of]) => [arm, armReading(arm, of)]));
  const whyNot = (arm: string): string | null => whyNotOf(moments, arm, reading);
  return {
    arms,
    whyNot,
    compare: (arm) => {
      const why = whyNot(arm);
      if (why !== null) throw new AnalyzeError(`metric ${reading.metric.expression}: ${why}`);
      return compareArm(moments, arm, reading);
    },
  };
}

function armReading(arm: string, { count, mean, variance }: Moments): ArmReading {
  return { arm, units: count, mean, standardDeviation: Math.sqrt(variance) };
}

function whyNotOf({ arms }: MetricMoments, arm: string, { request }: Reading): string | null {
  const { control: label, design } = request;
  const what = design.kind === 'cluster' ? 'clusters' : 'units';
  for (const each of [label, arm])
    if (!arms.has(each)) return `arm "${each}" has fewer than 2 ${what} with a value; at least 2 are needed`;
  const [control, treatment] = [arms.get(label), arms.get(arm)];
  if (control === undefined || treatment === undefined || control.variance > 0 || treatment.variance > 0) return null;
  return `every one of the ${what} of "${label}" has ${control.mean} and of "${arm}" ${treatment.mean}; nothing varies, so no interval can be given`;
}

function compareArm({ arms, adjusted }: MetricMoments, arm: string, { request, metric }: Reading): RawComparison {
  const { control: label, alpha, stopping } = request;
  const [control, treatment] = [arms.get(label), arms.get(arm)];
  if (control === undefined || treatment === undefined) throw new RangeError(`arm ${arm} has no units`);
  const plain = compareMoments(control, treatment, { alpha, stopping });
  if (adjusted === null)
    return {
      arm,
      control: label,
      ...plain,
      unadjusted: null,
      varianceRemovedRatio: null,
      clustering: null,
      switchback: null,
      isExact: false,
    };
  const pair = adjusted(label, arm);
  if (pair.varianceRemovedRatio > EXPLAINS_ALL)
    throw new AnalyzeError(
      `metric ${metric.expression}: the covariates ${[...request.covariates, ...(request.predictors ?? [])].join(', ')} explain it completely; is one of them the outcome itself?`,
    );
  const after = compareMoments(pair.control, pair.treatment, { alpha, stopping });
  const unadjusted = { ...plain.absolute, relative: plain.relative, pValue: plain.pValue };
  return {
    arm,
    control: label,
    ...after,
    unadjusted,
    varianceRemovedRatio: pair.varianceRemovedRatio,
    clustering: null,
    switchback: null,
    isExact: false,
  };
}
