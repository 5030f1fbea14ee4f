import type { EventTypeSchema } from '../schemas/event-type.ts';
import { assertUnchanged, definitionOf, type NotedSchema } from '../schemas/registration.ts';
import type { PartitionProducer } from './partition-producer.ts';
import { partitionBounds, readRun } from './read.ts';
import type { KafkaSession } from './session.ts';

/**
 * Notes the schemas that events of this log are checked against, in a compacted topic of one partition.
 *
 * @throws SchemaRegistrationError where a version differs from what was noted under its number
 */
export async function registerSchemas(
  session: KafkaSession,
  producer: PartitionProducer,
  topic: string,
  schemas: readonly EventTypeSchema[],
): Promise<void> {
  const before = await notedSchemas(session, topic);
  assertUnchanged(schemas, before);
  const isNoted = (schema: EventTypeSchema): boolean =>
    before.some(({ eventType, version }) => eventType === schema.key && version === schema.version);
  const missing = schemas.filter((schema) => !isNoted(schema));
  if (missing.length === 0) return;
  await producer.append(
    missing.map((schema) => {
      const noted: NotedSchema = { eventType: schema.key, version: schema.version, definition: definitionOf(schema) };
      return { key: `${schema.key}/${schema.version}`, value: Buffer.from(JSON.stringify(noted), 'utf8') };
    }),
  );
  // Another process may have noted something else at the same time: neither goes on then.
  assertUnchanged(schemas, await notedSchemas(session, topic));
}

async function notedSchemas(session: KafkaSession, topic: string): Promise<NotedSchema[]> {
  return await session.insist('reading the event types', async (cluster) => {
    const { low, high } = await partitionBounds(cluster, topic, 0);
    const { messages } = await readRun(cluster, { topic, partition: 0, from: low, maxRecords: Number(high - low) });
    return messages.flatMap(({ value }) => (value === null ? [] : [JSON.parse(value.toString('utf8')) as NotedSchema]));
  });
}
