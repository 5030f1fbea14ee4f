import type { z } from 'zod';
import type { OperatorName } from '../flag.ts';

type Json = z.core.JSONSchema.BaseSchema;

/** What an operator compares with; see `condition.ts`. */
export interface Operand {
  readonly type: 'any' | 'number' | 'text' | 'semver' | 'time';
  readonly count: 0 | 1 | 'many';
}

const SCALAR: Json = { type: ['string', 'number', 'boolean'] };

const VALUES: Readonly<Record<Operand['type'], Json>> = {
  any: SCALAR,
  number: { type: 'number' },
  text: { type: 'string', minLength: 1 },
  semver: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+', examples: ['7.2.0'] },
  time: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}', examples: ['2026-03-01', '2026-03-01T19:30:00+05:30'] },
};

/**
 * Conditions as a JSON schema, for editors: the parser reads them by hand, so that a problem names the form that was meant. It accepts whatever
 * the parser accepts.
 */
export function conditionForm(operands: Readonly<Record<OperatorName, Operand>>): Json {
  const inner: Json = { $ref: '#/definitions/condition' };
  const several: Json = { type: 'array', items: inner, minItems: 1, maxItems: 1_000 };
  return {
    description: 'A comparison, { all: […] }, { any: […] }, { not: … } or { segment }.',
    type: 'object',
    anyOf: [
      comparisonForm(operands),
      only('all', several, 'All of these hold.'),
      only('any', several, 'At least one of these holds.'),
      only('not', inner, 'This does not hold.'),
      only('segment', { type: 'string' }, 'The condition of a segment, by its key.'),
    ],
  };
}

function only(field: string, schema: Json, description: string): Json {
  return {
    type: 'object',
    description,
    properties: { [field]: schema },
    required: [field],
    additionalProperties: false,
  };
}

function comparisonForm(operands: Readonly<Record<OperatorName, Operand>>): Json {
  return {
    type: 'object',
    description: 'An attribute compared with a value or, of some operators, several.',
    properties: {
      attribute: { type: 'string', description: 'A name in the evaluation context.' },
      operator: { type: 'string', enum: Object.keys(operands) },
      value: SCALAR,
      values: { type: 'array', items: SCALAR, maxItems: 10_000 },
    },
    required: ['attribute', 'operator'],
    additionalProperties: false,
    not: { required: ['value', 'values'] },
    allOf: Object.entries(operands).map(([operator, operand]) => ({
      if: { properties: { operator: { const: operator } }, required: ['operator'] },
      then: operandForm(operand),
    })),
  };
}

function operandForm({ type, count }: Operand): Json {
  if (count === 0) return { properties: { value: false, values: { type: 'array', maxItems: 0 } } };
  const items = VALUES[type];
  const values: Json = { type: 'array', items, minItems: 1, ...(count === 1 ? { maxItems: 1 } : {}) };
  return { properties: { value: items, values }, anyOf: [{ required: ['value'] }, { required: ['values'] }] };
}
