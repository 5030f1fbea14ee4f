import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import { PartitionCountError } from '../errors.ts';
import { asError, isRefusal, kafkaErrorType } from './failure.ts';
import {
  createKafka,
  DEFAULT_PARTITION_COUNT,
  DEFAULT_RETENTION_MS,
  logNames,
  type KafkaBusOptions,
  type LogNames,
} from './options.ts';

/** Kafka cannot be used as it is set up; the message says what to correct. */
export class KafkaSetupError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'KafkaSetupError';
  }
}

const OPEN_FOR_MS = 30_000;
const RETRY_MS = 250;
const MAX_BATCH_BYTES = 1_048_588;
/** Of one dead letter: a message may be as large as the services take. */
export const MAX_DEAD_LETTER_BYTES = 8 * 1024 * 1024;
const DEAD_LETTER_RETENTION_MS = 90 * 86_400_000;

/**
 * Makes the topics that are missing and returns how many partitions the events have. May be run at every start, by several at once. Waits
 * for brokers that are still starting.
 *
 * @throws PartitionCountError where the events have another number of partitions than is asked for
 * @throws KafkaSetupError where the brokers cannot be reached, or refuse
 */
export async function ensureTopics(kafka: Kafka, names: LogNames, options: KafkaBusOptions): Promise<number> {
  const { partitionCount, openForMs = OPEN_FOR_MS } = options;
  if (partitionCount !== undefined && (!Number.isInteger(partitionCount) || partitionCount < 1)) {
    throw new RangeError(`partitionCount must be a whole number from 1, got ${partitionCount}`);
  }
  const startedAt = performance.now();
  for (;;) {
    try {
      return await ensureOnce(kafka, names, options);
    } catch (error) {
      if (error instanceof PartitionCountError) throw error;
      if (isRefusal(error) || isSettingsError(error) || performance.now() - startedAt > openForMs) {
        throw setupError(error, options);
      }
      await delay(RETRY_MS);
    }
  }
}

/**
 * How many brokers answer, in words.
 *
 * @throws KafkaSetupError where they cannot be reached, or refuse
 */
export async function describeKafka(options: KafkaBusOptions): Promise<string> {
  const admin = createKafka(options, 5_000).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    return `${options.brokers.join(', ')} answers; ${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}`;
  } catch (error) {
    throw setupError(error, options);
  } finally {
    await admin.disconnect();
  }
}

async function ensureOnce(kafka: Kafka, names: LogNames, options: KafkaBusOptions): Promise<number> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const wanted = topicsOf(names, options, await replicationOf(admin, options)).filter(
      ({ topic }) => !existing.has(topic),
    );
    // Resolves with false where somebody else made them meanwhile.
    if (wanted.length > 0) await admin.createTopics({ topics: wanted, waitForLeaders: true, timeout: 10_000 });
    const { topics } = await admin.fetchTopicMetadata({ topics: [names.events, names.deadLetters, names.schemas] });
    const count = topics.find(({ name }) => name === names.events)?.partitions.length ?? 0;
    if (options.partitionCount !== undefined && count !== options.partitionCount) {
      throw new PartitionCountError(
        count,
        options.partitionCount,
        `the topic ${names.events}`,
        'under another topic prefix',
      );
    }
    return count;
  } finally {
    await admin.disconnect();
  }
}

/** As durable as the cluster allows, up to three copies. */
async function replicationOf(admin: Admin, { replicationFactor }: KafkaBusOptions): Promise<number> {
  if (replicationFactor !== undefined) return replicationFactor;
  const { brokers } = await admin.describeCluster();
  return Math.min(3, Math.max(1, brokers.length));
}

function topicsOf(names: LogNames, options: KafkaBusOptions, replicationFactor: number): ITopicConfig[] {
  // An acknowledged event survives the loss of a broker wherever there are three.
  const copies = { 'min.insync.replicas': replicationFactor >= 3 ? 2 : 1 };
  const topic = (name: string, numPartitions: number, settings: Record<string, string | number>): ITopicConfig => ({
    topic: name,
    numPartitions,
    replicationFactor,
    configEntries: Object.entries({ ...copies, ...settings }).map(([key, value]) => ({
      name: key,
      value: String(value),
    })),
  });
  return [
    topic(names.events, options.partitionCount ?? DEFAULT_PARTITION_COUNT, {
      'cleanup.policy': 'delete',
      'retention.ms': options.retentionMs ?? DEFAULT_RETENTION_MS,
      // The brokers' clock: one for every publisher, the same on every replay, and what retention goes by.
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': MAX_BATCH_BYTES,
    }),
    topic(names.deadLetters, 1, {
      'cleanup.policy': 'delete',
      'retention.ms': DEAD_LETTER_RETENTION_MS,
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': MAX_DEAD_LETTER_BYTES,
    }),
    topic(names.schemas, 1, { 'cleanup.policy': 'compact' }),
  ];
}

const SETTINGS_ERRORS: ReadonlySet<string> = new Set([
  'INVALID_REPLICATION_FACTOR',
  'INVALID_PARTITIONS',
  'INVALID_CONFIG',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
]);

function isSettingsError(error: unknown): boolean {
  return causesOf(error).some((cause) => SETTINGS_ERRORS.has(kafkaErrorType(cause) ?? ''));
}

/** The creation of several topics fails with several errors. */
function causesOf(error: unknown): unknown[] {
  if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) {
    return error.errors.map((cause: unknown) => cause);
  }
  return [error];
}

function setupError(error: unknown, { brokers, replicationFactor }: KafkaBusOptions): KafkaSetupError {
  const where = `Kafka at ${brokers.join(', ')}`;
  const [first] = causesOf(error);
  const said = asError(first).message.trim().replaceAll(/\s+/g, ' ');
  if (isRefusal(error)) {
    return new KafkaSetupError(
      `${where} and this client refuse each other (${said}); correct the TLS and SASL settings, or let its user make and describe the topics`,
      error,
    );
  }
  if (isSettingsError(error)) {
    const copies = replicationFactor === undefined ? '' : ` (replication factor ${replicationFactor})`;
    return new KafkaSetupError(`${where} does not make the topics as they are set${copies}: ${said}`, error);
  }
  return new KafkaSetupError(
    `${where} cannot be used (${said}); is it running, and are the brokers and TLS settings right?`,
    error,
  );
}

/** The names of the topics that are not there; makes none. @throws KafkaSetupError where the brokers cannot be reached, or refuse */
export async function missingTopics(options: KafkaBusOptions): Promise<readonly string[]> {
  const names = logNames(options.topicPrefix ?? 'umpire');
  const admin = createKafka(options, LIST_TIMEOUT_MS).admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    return [names.events, names.deadLetters, names.schemas].filter((topic) => !existing.has(topic));
  } catch (error) {
    throw setupError(error, options);
  } finally {
    await admin.disconnect();
  }
}

const LIST_TIMEOUT_MS = 5_000;
