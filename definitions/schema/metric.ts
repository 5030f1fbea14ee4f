import { z } from 'zod';
import type { MetricDefinition } from '../metric.ts';
import { fields } from './fields.ts';
import { metricForm } from './metric-form.ts';
import { attributeName, duration, finiteNumber, key, listOf, positiveDuration, sentence, text } from './primitives.ts';

const EVENT_TYPE = /^[a-z][a-z0-9_]{0,63}$/;

const propertyFilter = fields({
  property: attributeName,
  operator: z.enum(['equals', 'not_equals', 'greater_than', 'less_than']),
  value: z.union([text, finiteNumber, z.boolean()], { error: 'is not text, a number, true or false' }),
}).superRefine((filter, context) => {
  const isOrdered = filter.operator === 'greater_than' || filter.operator === 'less_than';
  if (!isOrdered || typeof filter.value === 'number') return;
  context.addIssue({
    code: 'custom',
    path: ['value'],
    message: `is not a number; ${filter.operator} compares numbers`,
  });
});

const TYPES = [
  'proportion',
  'count',
  'sum',
  'retention',
  'count_distinct',
  'ratio',
  'mean',
  'funnel',
  'quantile',
] as const;
const event = text.regex(EVENT_TYPE, 'is not an event type; use lower snake case, such as deposit_succeeded');

const denominator = fields({
  event,
  property: attributeName.nullable().default(null),
  where: listOf(propertyFilter),
});

const MOST_STEPS = 10;

const step = fields({ event, where: listOf(propertyFilter) });

export const metric = fields({
  kind: z.literal('metric'),
  key,
  owner: sentence,
  description: text.default(''),
  type: z.enum(TYPES),
  event,
  property: attributeName.nullable().default(null),
  where: listOf(propertyFilter),
  steps: z
    .array(step)
    .max(MOST_STEPS - 1, `has more than ${MOST_STEPS - 1} entries`)
    .optional(),
  givenStep: finiteNumber.optional(),
  quantile: finiteNumber.optional(),
  denominator: denominator.optional(),
  window: positiveDuration,
  from: positiveDuration.optional(),
  cap: finiteNumber.optional(),
  capPercentile: finiteNumber.optional(),
  goodDirection: z.enum(['increase', 'decrease']),
  covariate: duration.default(0),
  valueUnit: text.optional(),
})
  .meta(metricForm(TYPES))
  .superRefine((written, context) => {
    for (const { field, message } of misfits(written)) context.addIssue({ code: 'custom', path: [field], message });
  })
  .transform(
    ({
      window: windowMs,
      covariate: covariateMs,
      valueUnit,
      denominator,
      from,
      cap,
      capPercentile,
      steps,
      givenStep,
      quantile,
      ...rest
    }): MetricDefinition => {
      return {
        ...rest,
        ...(denominator === undefined ? {} : { denominator }),
        ...(steps === undefined ? {} : { steps }),
        ...(givenStep === undefined ? {} : { givenStep }),
        ...(quantile === undefined ? {} : { quantile }),
        ...(from === undefined ? {} : { fromMs: from }),
        ...(cap === undefined ? {} : { cap }),
        ...(capPercentile === undefined ? {} : { capPercentile }),
        windowMs,
        covariateMs,
        valueUnit: valueUnit ?? unitOf(rest, denominator),
      };
    },
  );

type Type = (typeof TYPES)[number];

interface Written {
  readonly type: Type;
  readonly property: string | null;
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
function funnelMisfits({
  type,
  steps,
  givenStep,
  covariate,
}: Written): { readonly field: string; readonly message: string }[] {
  const found: { readonly field: string; readonly message: string }[] = [];
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
function quantileMisfits({
  type,
  quantile,
  covariate,
}: Written): { readonly field: string; readonly message: string }[] {
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
function misfits(written: Written): { readonly field: string; readonly message: string }[] {
  const { type, property, denominator, window, from, cap, capPercentile } = written;
  const found = [...funnelMisfits(written), ...quantileMisfits(written)];
  const missing = MISSING_PROPERTY[type];
  if (missing !== undefined && property === null) found.push({ field: 'property', message: missing });
  if (missing === undefined && type !== 'ratio' && property !== null) {
    const message = `is only for sums, means, ratios, quantiles and count_distinct; leave it out, or make the type "sum" instead of "${type}"`;
    found.push({ field: 'property', message });
  }
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

function unitOf(
  { type, property, event }: { readonly type: Type; readonly property: string | null; readonly event: string },
  denominator: { readonly property: string | null; readonly event: string } | undefined,
): string {
  const counted = property ?? event;
  switch (type) {
    case 'proportion':
    case 'retention':
    case 'funnel':
      return 'share of units';
    case 'ratio':
      return `${counted} per ${denominator?.property ?? denominator?.event ?? 'event'}`;
    case 'mean':
      return `${counted} per ${event}`;
    case 'quantile':
      return `${counted} of an event`;
    case 'count_distinct':
      return `values of ${counted} per unit`;
    case 'count':
    case 'sum':
      return `${counted} per unit`;
  }
}
