import type { EventTypeSchema } from './event-type.ts';
import { SchemaRegistrationError } from './registry.ts';

/** A version of an event type as a log noted it. */
export interface NotedSchema {
  readonly eventType: string;
  readonly version: number;
  readonly definition: string;
}

/** What a version means, in one spelling; descriptions may change. */
export function definitionOf(schema: EventTypeSchema): string {
  const properties = Object.entries(schema.properties)
    .map(([name, { type, required }]) => `${name}: ${type}${required === true ? ' required' : ''}`)
    .toSorted();
  return `{ ${[...properties, ...(schema.open === true ? ['open'] : [])].join(', ')} }`;
}

/**
 * A version never changes once a log noted it: the log holds events that were accepted under it.
 *
 * @throws SchemaRegistrationError where a version differs from what was noted under its number
 */
export function assertUnchanged(schemas: readonly EventTypeSchema[], noted: readonly NotedSchema[]): void {
  for (const schema of schemas) {
    const definition = definitionOf(schema);
    const before = noted.find(
      ({ eventType, version, definition: old }) =>
        eventType === schema.key && version === schema.version && old !== definition,
    );
    if (before === undefined) continue;
    throw new SchemaRegistrationError(
      `event type ${schema.key}: version ${schema.version} is not what this log holds events of. Put version ${schema.version} ` +
        `back as it was (${before.definition}) and write the change as version ${schema.version + 1}`,
    );
  }
}
