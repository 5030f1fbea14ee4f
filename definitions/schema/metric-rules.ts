import type { MetricDefinition } from '../metric.ts';

export const METRIC_TYPES = [
  'proportion',
  'count',
  'sum',
  'retention',
  'count_distinct',
  'ratio',
  'mean',
  'funnel',
  'quantile',
] as const satisfies readonly MetricDefinition['type'][];

/** A field that the type needs and lacks, or that it has no use for. */
export interface Misfit {
  readonly field: string;
  readonly message: string;
}

type Type = (typeof METRIC_TYPES)[number];

/** The fields of a metric that depend on its type, as they were written. */
export interface WrittenMetric {
  readonly type: Type;
  readonly denominator?: unknown;
  readonly window: number;
  readonly from?: number | undefined;
  readonly cap?: number | undefined;
  readonly capPercentile?: number | undefined;
  readonly steps?: readonly unknown[] | undefined;
  readonly givenStep?: number | undefined;
  readonly quantile?: number | undefined;
  readonly covariate: number;
}

const MISSING_PROPERTY: Partial<Record<Type, string>> = {
  sum: 'is missing; a sum names the property it adds up',
  mean: 'is missing; a mean names the property it averages',
  quantile: 'is missing; a quantile names the property whose values it reads',
  count_distinct: 'is missing; a count_distinct names the property whose values it counts',
};

/** What a funnel needs and lacks, or what belongs to funnels only. */
function funnelMisfits({ type, steps, givenStep, covariate }: WrittenMetric): Misfit[] {
  const found: Misfit[] = [];
  const isFunnel = type === 'funnel';
  if (isFunnel && (steps === undefined || steps.length === 0))
    found.push({ field: 'steps', message: 'is missing; a funnel names the steps that follow its event' });
  if (!isFunnel && steps !== undefined)
    found.push({ field: 'steps', message: `is only for funnels; leave it out of a ${type}` });
  if (!isFunnel && givenStep !== undefined)
    found.push({ field: 'givenStep', message: `is only for funnels; leave it out of a ${type}` });
  const last = (steps?.length ?? 0) + 1;
  const isStep = givenStep === undefined || (Number.isInteger(givenStep) && givenStep >= 1 && givenStep < last);
  if (isFunnel && !isStep)
    found.push({ field: 'givenStep', message: `must be a step before the last, from 1 to ${last - 1}` });
  if (isFunnel && covariate > 0)
    found.push({
      field: 'covariate',
      message: 'is not for funnels, whose steps begin with the exposure; leave it out',
    });
  return found;
}

/** What a quantile needs and lacks, or what belongs to quantiles only. */
function quantileMisfits({ type, quantile, covariate }: WrittenMetric): Misfit[] {
  const field = 'quantile';
  if (type !== 'quantile')
    return quantile === undefined ? [] : [{ field, message: `is only for quantiles; leave it out of a ${type}` }];
  const isShare = quantile !== undefined && quantile > 0 && quantile < 1;
  return [
    ...(isShare ? [] : [{ field, message: 'must be a number between 0 and 1, such as 0.9' }]),
    ...(covariate > 0 ? [{ field: 'covariate', message: 'is not for quantiles; leave it out' }] : []),
  ];
}

/** Fields that the type needs and lacks, or that it has no use for. */
export function misfits(written: WrittenMetric & { readonly property: string | null }): Misfit[] {
  const { type, property } = written;
  const found: Misfit[] = [];
  const missing = MISSING_PROPERTY[type];
  if (missing !== undefined && property === null) found.push({ field: 'property', message: missing });
  if (missing === undefined && type !== 'ratio' && property !== null) {
    const message = `is only for sums, means, ratios, quantiles and count_distinct; leave it out, or make the type "sum" instead of "${type}"`;
    found.push({ field: 'property', message });
  }
  return [...found, ...misfitsOfType(written)];
}

/** The same of all fields but the one that says what is read of an event. */
export function misfitsOfType(written: WrittenMetric): Misfit[] {
  const { type, denominator, window, from, cap, capPercentile } = written;
  const found = [...funnelMisfits(written), ...quantileMisfits(written)];
  if (type === 'ratio' && denominator === undefined)
    found.push({ field: 'denominator', message: 'is missing; a ratio names the events it divides by' });
  if (type !== 'ratio' && denominator !== undefined)
    found.push({ field: 'denominator', message: `is only for ratios; leave it out of a ${type}` });
  if (type === 'retention' && from === undefined)
    found.push({
      field: 'from',
      message: 'is missing; retention counts events from then until the window closes, such as 6d',
    });
  if (type !== 'retention' && from !== undefined)
    found.push({ field: 'from', message: `is only for retention; leave it out of a ${type}` });
  if (from !== undefined && from >= window)
    found.push({ field: 'from', message: 'is not before the end of the window, so no event could count' });
  if (cap !== undefined && type !== 'sum' && type !== 'count')
    found.push({ field: 'cap', message: `is only for counts and sums; leave it out of a ${type}` });
  if (cap !== undefined && cap <= 0) found.push({ field: 'cap', message: 'must be above 0' });
  if (capPercentile === undefined) return found;
  const field = 'capPercentile';
  if (type !== 'sum' && type !== 'count')
    found.push({ field, message: `is only for counts and sums; leave it out of a ${type}` });
  if (cap !== undefined) found.push({ field, message: 'cannot stand beside cap; leave one of them out' });
  if (!(capPercentile > 50 && capPercentile < 100))
    found.push({ field, message: 'must lie between 50 and 100, such as 99.5' });
  return found;
}
