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

export const metric = fields({
  kind: z.literal('metric'),
  key,
  owner: sentence,
  description: text.default(''),
  type: z.enum(['proportion', 'count', 'sum']),
  event: text.regex(EVENT_TYPE, 'is not an event type; use lower snake case, such as deposit_succeeded'),
  property: attributeName.nullable().default(null),
  where: listOf(propertyFilter),
  window: positiveDuration,
  goodDirection: z.enum(['increase', 'decrease']),
  covariate: duration.default(0),
  valueUnit: text.optional(),
})
  .superRefine((written, context) => {
    if (written.type === 'sum' && written.property === null) {
      context.addIssue({
        code: 'custom',
        path: ['property'],
        message: 'is missing; a sum names the property it adds up',
      });
    }
    if (written.type !== 'sum' && written.property !== null) {
      const message = `is only for sums; leave it out, or make the type "sum" instead of "${written.type}"`;
      context.addIssue({ code: 'custom', path: ['property'], message });
    }
  })
  .transform(({ window: windowMs, covariate: covariateMs, valueUnit, ...rest }): MetricDefinition => {
    const unit =
      valueUnit ?? (rest.type === 'proportion' ? 'share of units' : `${rest.property ?? rest.event} per unit`);
    return { ...rest, windowMs, covariateMs, valueUnit: unit };
  });
