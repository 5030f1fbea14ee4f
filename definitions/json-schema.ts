import { z } from 'zod';
import { experiment } from './schema/experiment.ts';
import { flag, holdout, layer, segment } from './schema/flag.ts';
import { metric } from './schema/metric.ts';
import { warehouseSource } from './schema/warehouse-source.ts';

type Json = z.core.JSONSchema.BaseSchema;

/** Every document that a file can hold; the last one in a file of its own. */
const DOCUMENTS = z.object({
  experiment: experiment.meta({ id: 'experiment' }),
  metric: metric.meta({ id: 'metric' }),
  flag: flag.meta({ id: 'flag' }),
  segment: segment.meta({ id: 'segment' }),
  layer: layer.meta({ id: 'layer' }),
  holdout: holdout.meta({ id: 'holdout' }),
  warehouse_source: warehouseSource.meta({ id: 'warehouse_source' }),
});
const KINDS = Object.keys(DOCUMENTS.shape);

/** What a field means, by its path in a kind, such as `ramp` or `metrics[].value`. */
export type Meanings = Readonly<Record<string, ReadonlyMap<string, string>>>;

/**
 * The JSON schema (draft 7) of definitions as they are written, for editors. It accepts whatever `parseDefinitions` accepts, and refuses what can be
 * told of a field by itself; rules between fields and between documents are the parser's alone, save for what each type of metric needs.
 *
 * @param meanings shown by editors beside the fields
 */
export function definitionsJsonSchema(meanings: Meanings): Json {
  const definitions = ownDefinitions();
  for (const kind of KINDS) {
    const schema = definitions[kind];
    if (schema === undefined) throw new RangeError(`there is no schema of kind ${kind}`);
    for (const [path, meaning] of meanings[kind] ?? []) describe(schema, path, meaning);
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A definition of Third Umpire',
    type: 'object',
    properties: { kind: { type: 'string', enum: KINDS, description: 'What the document defines.' } },
    required: ['kind'],
    // By kind, so that an editor names what is wrong in the form that was meant.
    allOf: KINDS.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      then: { $ref: `#/definitions/${kind}` },
    })),
    definitions,
  };
}

/** @throws RangeError for a path that the schema does not have */
function describe(schema: Json, path: string, meaning: string): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  const parent = parts.reduce((soFar, part) => within(soFar, part, path), schema);
  for (const candidate of alternatives(parent)) {
    const field = candidate.properties?.[last];
    if (candidate.properties === undefined || field === undefined || typeof field === 'boolean') continue;
    candidate.properties[last] = { ...field, description: meaning };
    return;
  }
  throw new RangeError(`the schema has no field ${path}`);
}

function within(schema: Json, part: string, path: string): Json {
  const name = part.replace(/\[\]$/, '');
  for (const candidate of alternatives(schema)) {
    const field = candidate.properties?.[name];
    const found = name !== part && typeof field === 'object' ? field.items : field;
    if (typeof found === 'object' && !Array.isArray(found)) return found;
  }
  throw new RangeError(`the schema has no field ${path}`);
}

function alternatives(schema: Json): readonly Json[] {
  return [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter((each) => typeof each === 'object');
}

/** What the schemas' ids name. */
function ownDefinitions(): Record<string, Json> {
  const { definitions } = z.toJSONSchema(DOCUMENTS, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  if (!isRecord(definitions)) throw new RangeError('zod gives definitions as an object');
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => {
      if (!isRecord(schema)) throw new RangeError(`the schema of ${name} is no object`);
      // Draft 7 takes an id for the address of a schema.
      const { id: _, ...rest } = schema;
      return [name, rest];
    }),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
