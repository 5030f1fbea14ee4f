import { z } from 'zod';
import type { WarehouseSource } from '../warehouse-source.ts';
import type { SourceMetric } from '../source-metric.ts';
import { fields } from './fields.ts';
import { COUNTS_ROWS, writtenSourceMetric, type WrittenSourceMetric } from './source-metric.ts';
import { attributeName, key, listOf, sentence } from './primitives.ts';
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

export const warehouseSource = fields({
  kind: z.literal('warehouse_source'),
  key,
  owner: sentence,
  connection,
  timeZone: timeZone.default('UTC'),
  assignments: z.array(assignment).min(1, 'is empty; give at least one assignment query').max(100),
  facts: z.array(fact).min(1, 'is empty; give at least one fact query').max(100),
  metrics: z.array(writtenSourceMetric).min(1, 'is empty; give at least one metric').max(1_000),
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
      metrics: metrics.map((metric, index) =>
        sourceMetric(metric, (facts, path) => facts ?? only('facts', ['metrics', index, ...path, 'facts'])),
      ),
      experiments: experiments.map((experiment, index) => ({
        ...experiment,
        assignments: experiment.assignments ?? only('assignments', ['experiments', index, 'assignments']),
      })),
    };
  })
  .superRefine(checkWarehouseSource);

/** @param factsOf the fact query that a part of the metric names, or the only one */
function sourceMetric(
  {
    window: windowMs,
    covariate: covariateMs,
    from,
    denominator,
    steps,
    cap,
    capPercentile,
    givenStep,
    quantile,
    ...written
  }: WrittenSourceMetric,
  factsOf: (facts: string | undefined, path: readonly PropertyKey[]) => string,
): SourceMetric {
  const facts = factsOf(written.facts, []);
  const filtersByValue = COUNTS_ROWS.has(written.type);
  const dividing =
    denominator === undefined ? undefined : { ...denominator, facts: factsOf(denominator.facts, ['denominator']) };
  return {
    key: written.key,
    type: written.type,
    facts,
    value: filtersByValue ? null : written.value,
    where: filtersByValue ? (written.where ?? written.value) : written.where,
    windowMs,
    covariateMs,
    goodDirection: written.goodDirection,
    ...(dividing === undefined ? {} : { denominator: dividing }),
    ...(steps === undefined
      ? {}
      : { steps: steps.map((step, place) => ({ ...step, facts: factsOf(step.facts, ['steps', place]) })) }),
    ...(givenStep === undefined ? {} : { givenStep }),
    ...(quantile === undefined ? {} : { quantile }),
    ...(from === undefined ? {} : { fromMs: from }),
    ...(cap === undefined ? {} : { cap }),
    ...(capPercentile === undefined ? {} : { capPercentile }),
    valueUnit: written.valueUnit ?? unitOf(written, facts, dividing),
  };
}

function unitOf(
  { type, value }: Pick<WrittenSourceMetric, 'type' | 'value'>,
  facts: string,
  denominator: { readonly value: string | null; readonly facts: string } | undefined,
): string {
  switch (type) {
    case 'proportion':
    case 'retention':
    case 'funnel':
      return 'share of units';
    case 'ratio':
      return `${value ?? facts} per ${denominator?.value ?? denominator?.facts ?? 'row'}`;
    case 'mean':
      return `${value ?? facts} per row of ${facts}`;
    case 'quantile':
      return `${value ?? facts} of a row of ${facts}`;
    case 'count_distinct':
      return `values of ${value ?? facts} per unit`;
    case 'count':
    case 'sum':
      return `${value ?? facts} per unit`;
  }
}
