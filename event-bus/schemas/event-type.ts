import { z } from 'zod';
import type { JsonObject } from '../event.ts';

/** What a property may be. `integer` is a whole number that a double holds exactly (up to 2^53 - 1): larger ones travel as `string`. */
export const PROPERTY_TYPES = ['string', 'integer', 'number', 'boolean', 'string_list', 'object'] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

export interface PropertyDeclaration {
  readonly type: PropertyType;
  /** Default: optional. An optional property may be absent, not null. */
  readonly required?: boolean | undefined;
  readonly description?: string | undefined;
}

/** One version of an event type: what its `properties` hold. */
export interface EventTypeSchema {
  /** The event type, lower snake case. */
  readonly key: string;
  /** From 1, without gaps. */
  readonly version: number;
  readonly description?: string | undefined;
  /** Whether properties that are not declared pass as they are. Default: no, so that a misspelt name is noticed. */
  readonly open?: boolean | undefined;
  readonly properties: Readonly<Record<string, PropertyDeclaration>>;
}

/** Returns what is wrong with an event's properties, naming the property; `undefined` where they fit. */
export type PropertyCheck = (properties: JsonObject) => string | undefined;

export function compilePropertyCheck(schema: EventTypeSchema): PropertyCheck {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, declaration] of Object.entries(schema.properties)) {
    const type = zodTypeOf(declaration.type);
    shape[name] = declaration.required === true ? type : type.exactOptional();
  }
  const object = schema.open === true ? z.looseObject(shape) : z.strictObject(shape);
  const name = `${schema.key} version ${schema.version}`;
  return (properties) => {
    const result = object.safeParse(properties);
    if (result.success) return undefined;
    return result.error.issues
      .slice(0, 5)
      .map((issue) => describeIssue(issue, properties, name))
      .join('; ');
  };
}

function zodTypeOf(type: PropertyType): z.ZodType {
  switch (type) {
    case 'string':
      return z.string();
    case 'integer':
      return z.int();
    case 'number':
      return z.number();
    case 'boolean':
      return z.boolean();
    case 'string_list':
      return z.array(z.string());
    case 'object':
      return z.looseObject({});
  }
}

function describeIssue(issue: z.core.$ZodIssue, properties: JsonObject, schemaName: string): string {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `properties.${key}`).join(', ');
    return `${names}: not declared by ${schemaName}; declare it as optional in a new version`;
  }
  const place = ['properties', ...issue.path.map(String)].join('.');
  const [first] = issue.path;
  const isMissing = issue.path.length === 1 && typeof first === 'string' && !Object.hasOwn(properties, first);
  return isMissing ? `${place}: required by ${schemaName} but missing` : `${place}: ${issue.message} (${schemaName})`;
}
