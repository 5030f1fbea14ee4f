import { sql, type Kysely } from 'kysely';
import type { EventTypeSchema } from '../schemas/event-type.ts';
import { assertUnchanged, definitionOf } from '../schemas/registration.ts';
import type { EventLogTables } from './tables.ts';

/**
 * Notes the schemas that events of this log are checked against.
 *
 * @throws SchemaRegistrationError where a version differs from what was noted under its number
 */
export async function registerSchemas(db: Kysely<EventLogTables>, schemas: readonly EventTypeSchema[]): Promise<void> {
  const types = schemas.map(({ key }) => key);
  const versions = schemas.map(({ version }) => version);
  await sql`
    INSERT INTO event_log_schemas (event_type, version, definition)
    SELECT * FROM unnest(${types}::text[], ${versions}::integer[], ${schemas.map(definitionOf)}::text[])
    ON CONFLICT DO NOTHING`.execute(db);
  const noted = await db.selectFrom('event_log_schemas').selectAll().where('event_type', 'in', types).execute();
  assertUnchanged(
    schemas,
    noted.map(({ event_type: eventType, version, definition }) => ({ eventType, version, definition })),
  );
}
