import { z } from 'zod';
import type { WarehouseSource } from '../warehouse-source.ts';
import { fields } from './fields.ts';
import { attributeName, duration, key, listOf, positiveDuration, sentence, text } from './primitives.ts';
import { columnName, connection } from './warehouse-connection.ts';
import { experimentInWarehouse } from './warehouse-experiment.ts';
import { timeZone } from './times.ts';
import { checkWarehouseSource } from './warehouse-source-rules.ts';

/** Longer than any text elsewhere: analysts' SQL is long. */
const sql = z
  .string()
  .max(100_000, 'is longer than 100,000 characters; keep it as a view in the warehouse and select from that')
  .refine((value) => value.trim() !== '', 'is empty; write a SELECT')
  .refine((value) => !value.includes('\0'), 'contains a NUL; remove it');

const assignment = fields({
  key,
  sql,
  unit: attributeName.default('user'),
  columns: fields({
    unit: columnName.default('unit_id'),
    experiment: columnName.default('experiment_key'),
    variant: columnName.default('variant'),
    exposedAt: columnName.default('exposed_at'),
  }).prefault({}),
  segments: listOf(columnName),
});

const fact = fields({
  key,
  sql,
  columns: fields({
    unit: columnName.default('unit_id'),
    occurredAt: columnName.default('occurred_at'),
    id: columnName.nullable().default(null),
  }).prefault({}),
});

const metric = fields({
  key,
  facts: key.optional(),
  type: z.enum(['proportion', 'count', 'sum']),
  value: columnName.nullable().default(null),
  window: positiveDuration,
  goodDirection: z.enum(['increase', 'decrease']),
  covariate: duration.default(0),
  valueUnit: text.optional(),
}).superRefine(({ type, value }, context) => {
  if (type !== 'sum' || value !== null) return;
  context.addIssue({
    code: 'custom',
    path: ['value'],
    message: 'is missing; a sum names the numeric column that it adds up',
  });
});

export const warehouseSource = fields({
  kind: z.literal('warehouse_source'),
  key,
  owner: sentence,
  connection,
  timeZone: timeZone.default('UTC'),
  assignments: z.array(assignment).min(1, 'is empty; give at least one assignment query').max(100),
  facts: z.array(fact).min(1, 'is empty; give at least one fact query').max(100),
  metrics: z.array(metric).min(1, 'is empty; give at least one metric').max(1_000),
  experiments: listOf(experimentInWarehouse),
})
  .transform((written, context): WarehouseSource => {
    const { metrics, experiments, ...rest } = written;
    // With one query there is nothing to choose; with several, leaving it out would be a guess.
    const only = (list: 'assignments' | 'facts', path: PropertyKey[]): string => {
      const keys = rest[list].map((query) => query.key);
      if (keys.length > 1) {
        const message = `is missing; there are several in "${list}": write one of ${keys.join(', ')}`;
        context.addIssue({ code: 'custom', path, message });
      }
      return keys[0] ?? '';
    };
    return {
      ...rest,
      metrics: metrics.map(({ window: windowMs, covariate: covariateMs, valueUnit, ...metric }, index) => {
        const facts = metric.facts ?? only('facts', ['metrics', index, 'facts']);
        const unit = metric.type === 'proportion' ? 'share of units' : `${metric.value ?? facts} per unit`;
        return { ...metric, facts, windowMs, covariateMs, valueUnit: valueUnit ?? unit };
      }),
      experiments: experiments.map((experiment, index) => ({
        ...experiment,
        assignments: experiment.assignments ?? only('assignments', ['experiments', index, 'assignments']),
      })),
    };
  })
  .superRefine(checkWarehouseSource);
