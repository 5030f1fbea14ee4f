import type { z } from 'zod';
import type { MetricDefinition } from '../metric.ts';

type Json = z.core.JSONSchema.BaseSchema;
type Type = MetricDefinition['type'];

/** Which types need a field, and which others may have it; every other type refuses it. Fields that are not listed go with every type. */
const FIELDS: Readonly<Record<string, { readonly needs: readonly Type[]; readonly takes: readonly Type[] }>> = {
  property: { needs: ['sum', 'mean', 'quantile', 'count_distinct'], takes: ['ratio'] },
  steps: { needs: ['funnel'], takes: [] },
  givenStep: { needs: [], takes: ['funnel'] },
  quantile: { needs: ['quantile'], takes: [] },
  denominator: { needs: ['ratio'], takes: [] },
  from: { needs: ['retention'], takes: [] },
  cap: { needs: [], takes: ['count', 'sum'] },
  capPercentile: { needs: [], takes: ['count', 'sum'] },
};

/** Of each type, as a JSON schema for editors, which fields it needs and which it has no use for; `metric.ts` has the rules in words. */
export function metricForm(types: readonly Type[]): Json {
  return {
    allOf: types.map((type) => ({
      if: { properties: { type: { const: type } }, required: ['type'] },
      then: formOf(type),
    })),
  };
}

function formOf(type: Type): Json {
  const fields = Object.entries(FIELDS);
  const required = fields.filter(([, { needs }]) => needs.includes(type)).map(([field]) => field);
  const refused = fields.filter(([, { needs, takes }]) => !needs.includes(type) && !takes.includes(type));
  const properties: Record<string, Json | boolean> = Object.fromEntries(
    // As a document is stored, a property that is not read is null.
    refused.map(([field]) => [field, field === 'property' ? { type: 'null' } : false]),
  );
  for (const field of required) properties[field] = REQUIRED[field] ?? { not: { type: 'null' } };
  return { properties, ...(required.length === 0 ? {} : { required }) };
}

const REQUIRED: Readonly<Record<string, Json>> = {
  steps: { type: 'array', minItems: 1 },
  quantile: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
};
