import { z } from 'zod';
import type { MetricDefinition } from '../metric.ts';
import { fields } from './fields.ts';
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

const TYPES = ['proportion', 'count', 'sum', 'retention', 'count_distinct', 'ratio', 'mean'] as const;
const event = text.regex(EVENT_TYPE, 'is not an event type; use lower snake case, such as deposit_succeeded');

const denominator = fields({
  event,
  property: attributeName.nullable().default(null),
  where: listOf(propertyFilter),
});

export const metric = fields({
  kind: z.literal('metric'),
  key,
  owner: sentence,
  description: text.default(''),
  type: z.enum(TYPES),
  event,
  property: attributeName.nullable().default(null),
  where: listOf(propertyFilter),
  denominator: denominator.optional(),
  window: positiveDuration,
  from: positiveDuration.optional(),
  cap: finiteNumber.optional(),
  capPercentile: finiteNumber.optional(),
  goodDirection: z.enum(['increase', 'decrease']),
  covariate: duration.default(0),
  valueUnit: text.optional(),
})
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
      ...rest
    }): MetricDefinition => {
      return {
        ...rest,
        ...(denominator === undefined ? {} : { denominator }),
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
}

const MISSING_PROPERTY: Partial<Record<Type, string>> = {
  sum: 'is missing; a sum names the property it adds up',
  mean: 'is missing; a mean names the property it averages',
  count_distinct: 'is missing; a count_distinct names the property whose values it counts',
};

/** Fields that the type needs and lacks, or that it has no use for. */
function misfits(written: Written): { readonly field: string; readonly message: string }[] {
  const { type, property, denominator, window, from, cap, capPercentile } = written;
  const found: { readonly field: string; readonly message: string }[] = [];
  const missing = MISSING_PROPERTY[type];
  if (missing !== undefined && property === null) found.push({ field: 'property', message: missing });
  if (missing === undefined && type !== 'ratio' && property !== null) {
    const message = `is only for sums, means, ratios and count_distinct; leave it out, or make the type "sum" instead of "${type}"`;
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
      return 'share of units';
    case 'ratio':
      return `${counted} per ${denominator?.property ?? denominator?.event ?? 'event'}`;
    case 'mean':
      return `${counted} per ${event}`;
    case 'count_distinct':
      return `values of ${counted} per unit`;
    case 'count':
    case 'sum':
      return `${counted} per unit`;
  }
}
