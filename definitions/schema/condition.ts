import { z } from 'zod';
import { findingsOf } from '../problems.ts';
import type { ConditionDefinition, OperatorName } from '../flag.ts';
import { conditionForm, type Operand } from './condition-form.ts';
import { fields } from './fields.ts';
import { attributeName, finiteNumber, key, text, written } from './primitives.ts';

const MAX_DEPTH = 16;
type Scalar = string | number | boolean;

/** What each operator compares with. `any` takes text, numbers and booleans. */
const OPERANDS: Readonly<Record<OperatorName, Operand>> = {
  equals: { type: 'any', count: 1 },
  not_equals: { type: 'any', count: 1 },
  in: { type: 'any', count: 'many' },
  not_in: { type: 'any', count: 'many' },
  less_than: { type: 'number', count: 1 },
  less_than_or_equal: { type: 'number', count: 1 },
  greater_than: { type: 'number', count: 1 },
  greater_than_or_equal: { type: 'number', count: 1 },
  semver_equals: { type: 'semver', count: 1 },
  semver_less_than: { type: 'semver', count: 1 },
  semver_less_than_or_equal: { type: 'semver', count: 1 },
  semver_greater_than: { type: 'semver', count: 1 },
  semver_greater_than_or_equal: { type: 'semver', count: 1 },
  before: { type: 'time', count: 1 },
  after: { type: 'time', count: 1 },
  contains: { type: 'text', count: 'many' },
  starts_with: { type: 'text', count: 'many' },
  ends_with: { type: 'text', count: 'many' },
  exists: { type: 'any', count: 0 },
  not_exists: { type: 'any', count: 0 },
};
const SEMVER =
  /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const scalar = z.union([text, finiteNumber, z.boolean()], {
  error: 'is not text, a number, true or false',
});

const comparison = fields({
  attribute: attributeName,
  operator: z.enum(Object.keys(OPERANDS) as [OperatorName, ...OperatorName[]]),
  value: scalar.optional(),
  values: z.array(scalar).max(10_000, { error: 'has more than 10,000 values', abort: true }).optional(),
}).transform((written, context): ConditionDefinition => {
  const { attribute, operator } = written;
  if (written.value !== undefined && written.values !== undefined) {
    context.addIssue('has both "value" and "values"; keep one of them');
    return z.NEVER;
  }
  const values = written.values ?? (written.value === undefined ? [] : [written.value]);
  const problem = operandProblem(operator, values);
  if (problem === null) return { attribute, operator, values };
  context.addIssue({ code: 'custom', message: problem, path: [written.values === undefined ? 'value' : 'values'] });
  return z.NEVER;
});

/** A condition in any of its forms. */
export const condition: z.ZodType<ConditionDefinition> = conditionAtDepth(
  0,
  written('condition', conditionForm(OPERANDS)),
);

function conditionAtDepth(depth: number, any: z.ZodUnknown = z.unknown()): z.ZodType<ConditionDefinition> {
  return any.transform((value, context): ConditionDefinition => {
    const result = schemaFor(value, depth)?.safeParse(value);
    if (result?.success === true) return result.data;
    if (result === undefined) {
      context.addIssue(
        depth > MAX_DEPTH
          ? `is nested deeper than ${MAX_DEPTH} levels; name a part of it as a segment`
          : 'is not a condition; write { attribute, operator, value }, { all: […] }, { any: […] }, { not: … } or { segment }',
      );
      return z.NEVER;
    }
    for (const finding of findingsOf(result.error, value)) context.addIssue({ code: 'custom', ...finding });
    return z.NEVER;
  });
}

function schemaFor(value: unknown, depth: number): z.ZodType<ConditionDefinition> | undefined {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const inner = z.lazy(() => conditionAtDepth(depth + 1));
  const several = z
    .array(inner)
    .min(1, 'is empty; give at least one condition')
    .max(1_000, { error: 'has more than 1,000 conditions', abort: true });
  if ('all' in value) return fields({ all: several });
  if ('any' in value) return fields({ any: several });
  if ('not' in value) return fields({ not: inner });
  if ('segment' in value) return fields({ segment: key });
  return comparison;
}

function operandProblem(operator: OperatorName, values: readonly Scalar[]): string | null {
  const { type, count } = OPERANDS[operator];
  if (count === 0 && values.length > 0) return `must be left out: ${operator} compares with nothing`;
  if (count === 1 && values.length !== 1) return `${operator} compares with exactly one value, not ${values.length}`;
  if (count === 'many' && values.length === 0) return `${operator} needs at least one value`;
  for (const value of values) {
    const problem = typeProblem(type, value);
    if (problem !== null) return `${operator} ${problem}, not ${JSON.stringify(value)}`;
  }
  return null;
}

/** JavaScript takes 30 February for 2 March. */
function isTime(value: string): boolean {
  if (!TIME.test(value) || Number.isNaN(Date.parse(value))) return false;
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function typeProblem(type: Operand['type'], value: Scalar): string | null {
  if (type === 'number' && typeof value !== 'number') return 'compares with a number';
  if (type === 'text' && (typeof value !== 'string' || value === ''))
    return 'compares with text that is not empty (quote it)';
  if (type === 'semver' && (typeof value !== 'string' || !SEMVER.test(value))) {
    return 'compares with a full semantic version in quotes, such as "7.2.0"';
  }
  if (type === 'time' && (typeof value !== 'string' || !isTime(value))) {
    return 'compares with an ISO 8601 date or time with offset, such as "2026-03-01" or "2026-03-01T19:30:00+05:30"';
  }
  return null;
}
