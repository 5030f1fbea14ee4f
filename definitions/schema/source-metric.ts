import { z } from 'zod';
import { fields } from './fields.ts';
import { METRIC_TYPES, misfitsOfType, type WrittenMetric } from './metric-rules.ts';
import { duration, finiteNumber, key, positiveDuration, text } from './primitives.ts';
import { columnName } from './warehouse-connection.ts';

const MOST_STEPS = 9;

const column = columnName.nullable().default(null);

/** A metric over the rows of fact queries; which one, where there is only one, is filled in later. */
export const writtenSourceMetric = fields({
  key,
  facts: key.optional(),
  type: z.enum(METRIC_TYPES),
  value: column,
  where: column,
  denominator: fields({ facts: key.optional(), value: column, where: column }).optional(),
  steps: z
    .array(fields({ facts: key.optional(), where: column }))
    .max(MOST_STEPS, `has more than ${MOST_STEPS} entries`)
    .optional(),
  givenStep: finiteNumber.optional(),
  quantile: finiteNumber.optional(),
  window: positiveDuration,
  from: positiveDuration.optional(),
  cap: finiteNumber.optional(),
  capPercentile: finiteNumber.optional(),
  goodDirection: z.enum(['increase', 'decrease']),
  covariate: duration.default(0),
  valueUnit: text.optional(),
}).superRefine((written, context) => {
  for (const { field, message } of [...misfitsOfValue(written), ...misfitsOfType(written)])
    context.addIssue({ code: 'custom', path: [field], message });
});

export type WrittenSourceMetric = z.output<typeof writtenSourceMetric>;

const MISSING_VALUE: Partial<Record<WrittenMetric['type'], string>> = {
  sum: 'is missing; a sum names the numeric column that it adds up',
  mean: 'is missing; a mean names the numeric column that it averages',
  quantile: 'is missing; a quantile names the numeric column whose values it reads',
  count_distinct: 'is missing; a count_distinct names the column whose values it counts',
};

/** Of these, `value` was the boolean column before there was `where`. */
export const COUNTS_ROWS: ReadonlySet<WrittenMetric['type']> = new Set(['proportion', 'count', 'retention']);

function misfitsOfValue({
  type,
  value,
  where,
}: Pick<WrittenSourceMetric, 'type' | 'value' | 'where'>): { readonly field: string; readonly message: string }[] {
  const missing = MISSING_VALUE[type];
  if (missing !== undefined && value === null) return [{ field: 'value', message: missing }];
  if (type === 'funnel' && value !== null)
    return [{ field: 'value', message: 'is not for funnels; name a boolean column as "where"' }];
  if (COUNTS_ROWS.has(type) && value !== null && where !== null)
    return [{ field: 'value', message: `of a ${type} is the same as "where"; leave it out` }];
  return [];
}
