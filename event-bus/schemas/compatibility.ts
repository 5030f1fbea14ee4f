import type { EventTypeSchema } from './event-type.ts';

/** A new version of an event type that would break those who read or write the older one. */
export class IncompatibleSchemaError extends Error {
  readonly eventType: string;
  readonly problems: readonly string[];
  constructor(older: EventTypeSchema, newer: EventTypeSchema, problems: readonly string[]) {
    super(
      `event type ${newer.key}: version ${newer.version} is not compatible with version ${older.version}: ` +
        `${problems.join('; ')}. A new version may only add optional properties; for anything else make a new event type`,
    );
    this.name = 'IncompatibleSchemaError';
    this.eventType = newer.key;
    this.problems = problems;
  }
}

/** Everything in `newer` that is not an added optional property. Empty where the versions are compatible. */
export function compatibilityProblems(older: EventTypeSchema, newer: EventTypeSchema): string[] {
  const problems: string[] = [];
  for (const [name, before] of Object.entries(older.properties)) {
    const after = Object.hasOwn(newer.properties, name) ? newer.properties[name] : undefined;
    if (after === undefined) problems.push(`${name} is removed`);
    else if (after.type !== before.type) problems.push(`${name} changes from ${before.type} to ${after.type}`);
    else if ((after.required ?? false) !== (before.required ?? false)) {
      problems.push(after.required === true ? `${name} becomes required` : `${name} becomes optional`);
    }
  }
  for (const [name, added] of Object.entries(newer.properties)) {
    if (!Object.hasOwn(older.properties, name) && added.required === true)
      problems.push(`${name} is added as required`);
  }
  if (older.open === true && newer.open !== true) problems.push('undeclared properties are no longer taken');
  return problems;
}
