import { sql, type Kysely } from 'kysely';
import type { EventTypeSchema } from '../schemas/event-type.ts';
import { SchemaRegistrationError } from '../schemas/registry.ts';
import type { EventLogTables } from './tables.ts';

/**
 * Notes the schemas that events of this log are checked against. A version never changes once it is noted: the log holds events that were
 * accepted under it.
 *
 * @throws SchemaRegistrationError where a version differs from what was noted under its number
 */
export async function registerSchemas(db: Kysely<EventLogTables>, schemas: readonly EventTypeSchema[]): Promise<void> {
  const types = schemas.map(({ key }) => key);
  const versions = schemas.map(({ version }) => version);
  const definitions = schemas.map(definitionOf);
  await sql`
    INSERT INTO event_log_schemas (event_type, version, definition)
    SELECT * FROM unnest(${types}::text[], ${versions}::integer[], ${definitions}::text[])
    ON CONFLICT DO NOTHING`.execute(db);
  const noted = await db.selectFrom('event_log_schemas').selectAll().where('event_type', 'in', types).execute();
  for (const [index, schema] of schemas.entries()) {
    const before = noted.find(({ event_type, version }) => event_type === schema.key && version === schema.version);
    if (before === undefined || before.definition === definitions[index]) continue;
    throw new SchemaRegistrationError(
      `event type ${schema.key}: version ${schema.version} is not what this log holds events of. Put version ${schema.version} ` +
        `back as it was (${before.definition}) and write the change as version ${schema.version + 1}`,
    );
  }
}

/** What a version means, in one spelling; descriptions may change. */
function definitionOf(schema: EventTypeSchema): string {
  const properties = Object.entries(schema.properties)
    .map(([name, { type, required }]) => `${name}: ${type}${required === true ? ' required' : ''}`)
    .toSorted();
  return `{ ${[...properties, ...(schema.open === true ? ['open'] : [])].join(', ')} }`;
}
