import type { Event } from '../event.ts';
import { compatibilityProblems, IncompatibleSchemaError } from './compatibility.ts';
import { compilePropertyCheck, type EventTypeSchema, type PropertyCheck } from './event-type.ts';
import { EXPOSURE_SCHEMAS } from './exposure.ts';
import { IDENTITY_SCHEMAS } from './identity.ts';

/** A set of schemas that does not hang together. */
export class SchemaRegistrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaRegistrationError';
  }
}

/** Every version of every event type that a deployment takes. */
export interface SchemaRegistry {
  /** By type, then by version. */
  readonly schemas: readonly EventTypeSchema[];
  /** What is wrong with the event's type, version or properties, naming the field; `undefined` where it fits. */
  problemOf(event: Event): string | undefined;
}

/** The types of the platform itself. */
export const PLATFORM_SCHEMAS: readonly EventTypeSchema[] = [...EXPOSURE_SCHEMAS, ...IDENTITY_SCHEMAS];

/**
 * Builds the registry of the platform's own types and a deployment's.
 *
 * @throws IncompatibleSchemaError where a version breaks the one before it
 * @throws SchemaRegistrationError where a version is defined twice or left out
 */
export function createRegistry(deploymentSchemas: readonly EventTypeSchema[] = []): SchemaRegistry {
  const versionsByType = new Map<string, EventTypeSchema[]>();
  for (const schema of [...PLATFORM_SCHEMAS, ...deploymentSchemas]) {
    const versions = versionsByType.get(schema.key) ?? [];
    versions.push(schema);
    versionsByType.set(schema.key, versions);
  }
  const checks = new Map<string, readonly PropertyCheck[]>();
  const schemas: EventTypeSchema[] = [];
  for (const [type, versions] of versionsByType) {
    versions.sort((a, b) => a.version - b.version);
    checkVersions(type, versions);
    checks.set(type, versions.map(compilePropertyCheck));
    schemas.push(...versions);
  }
  return { schemas, problemOf: (event) => problemOf(checks, event) };
}

function checkVersions(type: string, versions: readonly EventTypeSchema[]): void {
  for (const [index, schema] of versions.entries()) {
    if (schema.version !== index + 1) {
      const what =
        schema.version <= index ? `version ${schema.version} is defined twice` : `version ${index + 1} is missing`;
      throw new SchemaRegistrationError(`event type ${type}: ${what}; versions count from 1 without gaps`);
    }
    const older = versions[index - 1];
    if (older === undefined) continue;
    const problems = compatibilityProblems(older, schema);
    if (problems.length > 0) throw new IncompatibleSchemaError(older, schema, problems);
  }
}

function problemOf(checks: ReadonlyMap<string, readonly PropertyCheck[]>, event: Event): string | undefined {
  const versions = checks.get(event.eventType);
  if (versions === undefined) {
    return `event_type: ${JSON.stringify(event.eventType)} is not registered; add its schema document`;
  }
  const check = versions[event.schemaVersion - 1];
  if (check === undefined) {
    return `schema_version: ${event.eventType} has no version ${event.schemaVersion}; the newest is ${versions.length}`;
  }
  return check(event.properties);
}
