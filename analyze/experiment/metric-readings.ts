import type { Moments } from '../../estimators/moments.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { compareMoments, type EffectReading } from './compare.ts';
import { adjustPValues } from './corrections.ts';
import type { MetricExpression } from './metric-expression.ts';
import { readCap, readMetricMoments, type MetricMoments } from './metric-moments.ts';
import type { ExperimentRequest } from './request.ts';
import type { Comparison, MetricReading, SplitReading } from './result.ts';
import type { KnownCovariate } from './units.ts';

/** What rounding leaves of a variance that covariates explain completely. */
const EXPLAINS_ALL = 1 - 1e-9;

type Raw = Omit<Comparison, 'adjustedPValue' | 'isSignificant' | 'reading'>;

/** Every metric, each arm against control; p-values corrected within the primary metric, and over all others. */
export async function readMetrics(
  warehouse: Warehouse,
  request: ExperimentRequest,
  split: SplitReading,
  covariates: readonly KnownCovariate[],
): Promise<readonly MetricReading[]> {
  const found: { reading: Omit<MetricReading, 'comparisons'>; raw: readonly Raw[] }[] = [];
  for (const [index, metric] of request.metrics.entries()) {
    const capAt = await readCap(warehouse, metric, index);
    const groups = await readMetricMoments(warehouse, {
      request,
      metric,
      metricIndex: index,
      capAt,
      covariates,
      groupBy: null,
    });
    const moments = groups.get(null);
    if (moments === undefined) throw new AnalyzeError(`metric ${metric.expression}: no unit has a value`);
    const labels = split.arms.map(({ arm }) => arm);
    found.push({
      reading: {
        ...describe(metric, index),
        capAt,
        arms: labels.map((arm) => armReading(arm, armOf(moments, arm, metric))),
      },
      raw: labels.slice(1).map((arm) => compareArm(moments, arm, metric, request)),
    });
  }
  return found.map(({ reading, raw }, index) => {
    const families = index === 0 ? raw : found.slice(1).flatMap((each) => each.raw);
    const adjusted = adjustPValues(
      families.map(({ pValue }) => pValue),
      request.correction,
    );
    return {
      ...reading,
      comparisons: raw.map((each) => {
        const adjustedPValue = adjusted[families.indexOf(each)] ?? each.pValue;
        return { ...each, adjustedPValue, ...judge(each, adjustedPValue, reading.goodDirection, request.alpha) };
      }),
    };
  });
}

function describe(metric: MetricExpression, index: number) {
  const { expression, type, goodDirection } = metric;
  return { metric: expression, type, role: index === 0 ? 'primary' : 'secondary', goodDirection } as const;
}

function armReading(arm: string, { count, mean, variance }: Moments): MetricReading['arms'][number] {
  return { arm, units: count, mean, standardDeviation: Math.sqrt(variance) };
}

function armOf({ arms }: MetricMoments, arm: string, metric: MetricExpression): Moments {
  const moments = arms.get(arm);
  if (moments !== undefined && moments.count >= 2) return moments;
  throw new AnalyzeError(
    `metric ${metric.expression}: arm "${arm}" has ${moments?.count ?? 0} units with a value; at least 2 are needed`,
  );
}

/** One arm against control as the covariates adjust it, before any correction. */
export function compareArm(
  moments: MetricMoments,
  arm: string,
  metric: MetricExpression,
  request: ExperimentRequest,
): Raw {
  const { control, alpha, stopping } = request;
  const raw = { control: armOf(moments, control, metric), treatment: armOf(moments, arm, metric) };
  if (raw.control.variance === 0 && raw.treatment.variance === 0)
    throw new AnalyzeError(
      `metric ${metric.expression}: every unit of "${control}" has ${raw.control.mean} and every unit of "${arm}" ${raw.treatment.mean}; nothing varies, so no interval can be given`,
    );
  const level = { alpha, stopping };
  const plain = compareMoments(raw.control, raw.treatment, level);
  const pair = moments.adjusted?.(control, arm) ?? null;
  if (pair === null) return { arm, control, ...plain, unadjusted: null, varianceRemovedRatio: null };
  if (pair.varianceRemovedRatio > EXPLAINS_ALL)
    throw new AnalyzeError(
      `metric ${metric.expression}: the covariates ${request.covariates.join(', ')} explain it completely; is one of them the outcome itself?`,
    );
  const adjusted: EffectReading = compareMoments(pair.control, pair.treatment, level);
  const unadjusted = { ...plain.absolute, relative: plain.relative, pValue: plain.pValue };
  return { arm, control, ...adjusted, unadjusted, varianceRemovedRatio: pair.varianceRemovedRatio };
}

function judge({ absolute }: Raw, adjustedPValue: number, good: MetricReading['goodDirection'], alpha: number) {
  const isSignificant = adjustedPValue <= alpha;
  const isBetter = good === 'increase' ? absolute.estimate > 0 : absolute.estimate < 0;
  const reading: Comparison['reading'] = !isSignificant ? 'not shown' : isBetter ? 'better' : 'worse';
  return { isSignificant, reading };
}
