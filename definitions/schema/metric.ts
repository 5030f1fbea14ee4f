import { z } from 'zod';
import type { MetricDefinition } from '../metric.ts';
import { fields } from './fields.ts';
import { metricForm } from './metric-form.ts';
import { METRIC_TYPES, misfits } from './metric-rules.ts';
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
  type: z.enum(METRIC_TYPES),
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
  .meta(metricForm(METRIC_TYPES))
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

type Type = MetricDefinition['type'];

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
