import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { EventBus } from '../event-bus/port.ts';
import { openKafkaBus } from '../event-bus/kafka/kafka-bus.ts';
import type { KafkaBusOptions } from '../event-bus/kafka/options.ts';
import { missingTopics } from '../event-bus/kafka/topics.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { startRetention } from '../event-bus/postgres/retention.ts';
import { requireDatabase, type Configuration } from './configuration.ts';
import { readEventRegistry } from './event-registry.ts';

/** Opens the event log: in Kafka where `KAFKA_BROKERS` is set, else the embedded one in PostgreSQL. */
export async function openEventBus(configuration: Configuration, logger: Logger): Promise<EventBus> {
  const registry = await readEventRegistry(configuration);
  const onError = (error: Error): void => logger.warn({ err: error }, 'event log: it is tried again');
  const kafka = await kafkaOptions(configuration);
  if (kafka === null) return await openEventLog({ url: requireDatabase(configuration), registry, onError });
  logger.info({ brokers: kafka.brokers }, 'the event log is in Kafka');
  return await openKafkaBus({ ...kafka, registry, onError });
}

/** The topics that Kafka lacks; `null` where the event log is not in Kafka. */
export async function missingTopicsOf(configuration: Configuration): Promise<readonly string[] | null> {
  const kafka = await kafkaOptions(configuration);
  if (kafka === null) return null;
  return (await missingTopics(kafka)).map((topic) => `topic ${topic} of Kafka`);
}

/** How Kafka is reached; null where the event log is the embedded one. */
export async function kafkaOptions(configuration: Configuration): Promise<KafkaBusOptions | null> {
  const { KAFKA_BROKERS: brokers } = configuration;
  if (brokers === undefined) return null;
  const { KAFKA_PARTITIONS: partitionCount, KAFKA_REPLICATION_FACTOR: replicationFactor } = configuration;
  const sasl = saslOf(configuration);
  return {
    brokers,
    clientId: configuration.KAFKA_CLIENT_ID,
    topicPrefix: configuration.KAFKA_TOPIC_PREFIX,
    retentionMs: configuration.KAFKA_RETENTION_MS,
    ...(partitionCount === undefined ? {} : { partitionCount }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(configuration.KAFKA_TLS ? { tls: await tlsOf(configuration) } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

async function tlsOf(configuration: Configuration): Promise<NonNullable<KafkaBusOptions['tls']>> {
  const { KAFKA_TLS_CA_FILE: ca, KAFKA_TLS_CERT_FILE: cert, KAFKA_TLS_KEY_FILE: key } = configuration;
  return {
    ...(ca === undefined ? {} : { ca: await readFile(ca, 'utf8') }),
    ...(cert === undefined ? {} : { cert: await readFile(cert, 'utf8') }),
    ...(key === undefined ? {} : { key: await readFile(key, 'utf8') }),
  };
}

function saslOf(configuration: Configuration): KafkaBusOptions['sasl'] {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = configuration;
  const { KAFKA_SASL_PASSWORD: password } = configuration;
  if (mechanism === undefined || username === undefined || password === undefined) return undefined;
  // kafkajs types each mechanism by itself.
  if (mechanism === 'plain') return { mechanism, username, password };
  if (mechanism === 'scram-sha-256') return { mechanism, username, password };
  return { mechanism, username, password };
}

/** Keeps the embedded log from growing for ever; Kafka does so itself. */
export function keepLogShort(configuration: Configuration, logger: Logger): { stop(): Promise<void> } | undefined {
  if (configuration.KAFKA_BROKERS !== undefined) return undefined;
  return startRetention({
    url: requireDatabase(configuration),
    retentionMs: configuration.UMPIRE_EVENT_LOG_RETENTION_MS,
    onError: (error) => logger.warn({ err: error }, 'event log: old events were not deleted'),
    onDeleted: (events) => logger.info({ events }, 'old events were deleted from the event log'),
  });
}
