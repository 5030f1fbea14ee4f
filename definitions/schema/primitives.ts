import { z } from 'zod';
import { DURATION, parseDuration } from '../duration.ts';
import type { VariantValue } from '../flag.ts';

const KEY = /^[a-z][a-z0-9_-]{0,63}$/;
const ATTRIBUTE = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
/** PostgreSQL cannot keep NUL, and no encoding can keep half of a surrogate pair. */
const UNKEEPABLE = /\0|\p{Surrogate}/u;
const MAX_JSON_DEPTH = 16;

/** Any text that every part of the platform can keep. */
export const text = z
  .string()
  .max(10_000, 'is longer than 10,000 characters; shorten it')
  .refine((value) => !UNKEEPABLE.test(value), 'contains a NUL or half a surrogate pair; remove it');

export const sentence = text.refine((value) => value.trim() !== '', 'is empty; write a few words');

export const key = text
  .regex(KEY, 'is not a key; use a lower-case letter, then up to 63 lower-case letters, digits, "_" or "-"')
  .meta({ patternErrorMessage: 'Use a lower-case letter, then up to 63 lower-case letters, digits, "_" or "-".' });

export const attributeName = text.regex(
  ATTRIBUTE,
  'is not an attribute name; use a letter or "_", then up to 63 letters, digits, "_", "-" or "."',
);

/** A finite number that a double holds exactly as it was written, where it is whole. */
export const finiteNumber = z
  .number()
  .refine(
    (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
    'is beyond the whole numbers that a double holds exactly (9,007,199,254,740,991); write it as text',
  );

/** What a value that is read by hand looks like, for the JSON schema that editors use. */
export function written(id: string, schema: z.core.JSONSchema.BaseSchema): z.ZodUnknown {
  return z.unknown().meta({ id, ...schema });
}

/** `10s` and the like, in ms. */
export const duration = written('duration', {
  type: 'string',
  pattern: DURATION.source,
  patternErrorMessage: 'Write a number and a unit, such as 500ms, 10s, 5m, 2h or 7d.',
  description: 'A number and a unit: 500ms, 10s, 5m, 2h, 7d or 1.5h; at most ten years.',
  examples: ['1h', '7d', '14d'],
}).transform((value, context): number => {
  if (typeof value !== 'string') {
    const what = value === undefined ? 'is missing' : 'is not a duration';
    context.addIssue(`${what}; write a number and a unit, such as 500ms, 10s, 5m, 2h or 7d`);
    return z.NEVER;
  }
  try {
    return parseDuration(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

export const positiveDuration = duration.refine((value) => value > 0, 'must be longer than 0');

/** Percent, from 0 to 100 in steps of 0.01 (a basis point). */
export const percent = z
  .number()
  .min(0, 'is below 0; percent go from 0 to 100')
  .max(100, 'is above 100; percent go from 0 to 100')
  .refine(
    (value) => Math.abs(value * 100 - Math.round(value * 100)) < 1e-6,
    'is finer than 0.01 percent, the smallest share there is; round it',
  );

/** Percent above 0, in basis points. */
export const weightBasisPoints = percent
  .refine((value) => value > 0, 'must be above 0; leave the variant out instead')
  .transform((value) => Math.round(value * 100));

const PERCENT = /^(\d+(?:\.\d+)?)\s*%$/;

/** A share such as `2%` or 0.02, as a ratio. */
export const ratio = written('ratio', {
  anyOf: [
    { type: 'string', pattern: PERCENT.source },
    { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  ],
  description: 'A share between 0 and 1, such as 2% or 0.02.',
  examples: ['2%'],
}).transform((value, context): number => {
  const match = typeof value === 'string' ? PERCENT.exec(value) : null;
  const share = match !== null ? Number(match[1]) / 100 : value;
  if (typeof share === 'number' && share > 0 && share < 1) return Number(share.toPrecision(12));
  const what = value === undefined ? 'is missing' : 'is not a share between 0 and 1';
  context.addIssue(`${what}; write it as 2% or 0.02`);
  return z.NEVER;
});

/** Any JSON value that every part of the platform can keep. */
export const variantValue = z.unknown().transform((value, context): VariantValue => {
  if (value === undefined) context.addIssue('is missing; give every variant a value, such as true or "blue"');
  else {
    const problem = jsonProblem(value, 0);
    if (problem === null) return value as VariantValue;
    context.addIssue(problem);
  }
  return z.NEVER;
});

function jsonProblem(value: unknown, depth: number): string | null {
  if (depth > MAX_JSON_DEPTH) return `is nested deeper than ${MAX_JSON_DEPTH} levels; flatten it`;
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value === 'string') return firstMessage(text.safeParse(value));
  if (typeof value === 'number') return firstMessage(finiteNumber.safeParse(value));
  if (typeof value !== 'object') return `is a ${typeof value}, which is not JSON`;
  if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) return 'has a field __proto__; rename it';
  for (const [name, member] of Object.entries(value)) {
    const problem = firstMessage(text.safeParse(name)) ?? jsonProblem(member, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function firstMessage(result: z.ZodSafeParseResult<unknown>): string | null {
  return result.success ? null : (result.error.issues[0]?.message ?? 'is not valid');
}

/** An optional list, empty where it is left out. */
export function listOf<Item extends z.ZodType>(item: Item): z.ZodDefault<z.ZodArray<Item>> {
  return z.array(item).max(10_000, { error: 'has more than 10,000 entries', abort: true }).default([]);
}
