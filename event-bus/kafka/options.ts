import { Kafka, logLevel, type KafkaConfig, type logCreator } from 'kafkajs';
import type { SchemaRegistry } from '../schemas/registry.ts';

export interface KafkaBusOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** How the brokers' logs and quotas name this client. Default: `third-umpire`. */
  readonly clientId?: string;
  /** Begins the name of every topic and consumer group of this log. Default: `umpire`. */
  readonly topicPrefix?: string;
  /** Fixed when the topic of the events is made. Default: what the topic has, else 12. */
  readonly partitionCount?: number;
  /** Of topics that are made. Default: 3, or as many brokers as there are. */
  readonly replicationFactor?: number;
  /** How long events are kept, in ms; -1: for ever. Of a topic that is made. Default: 7 days. */
  readonly retentionMs?: number;
  readonly tls?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** Default: the platform's own event types only. */
  readonly registry?: SchemaRegistry;
  /** Told of failures that are tried again, such as Kafka being away. */
  readonly onError?: (error: Error) => void;
  /** How long opening waits for brokers that are still starting. Default 30,000. */
  readonly openForMs?: number;
  /** How long a caller waits for the acknowledgement before it is told that there is none yet. Default 30,000. */
  readonly retryForMs?: number;
  /** Events that may wait per partition before publishing is refused. Default: 200,000 in all partitions together. */
  readonly maxBacklog?: number;
  /** How long a broker waits for an acknowledgement of its replicas, and this client for the broker's. Default 15,000. */
  readonly requestTimeoutMs?: number;
  /** A member that is not heard of for so long is out of its group. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** How often a member says that it is alive, and hears of others that come and go. Default 1,000. */
  readonly heartbeatMs?: number;
}

export const DEFAULT_PARTITION_COUNT = 12;
export const DEFAULT_RETENTION_MS = 7 * 86_400_000;

/** Names of what a log has in Kafka. */
export interface LogNames {
  /** One record per event, partitioned by its key. Kept for the retention time. */
  readonly events: string;
  /** One record per event or message that was refused. One partition, so that the newest can be told. */
  readonly deadLetters: string;
  /** One record per version of an event type. Compacted: kept for ever. */
  readonly schemas: string;
  group(name: string): string;
}

const PREFIX = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,150}$/;

/** @throws RangeError where Kafka takes no such names */
export function logNames(prefix: string): LogNames {
  if (!PREFIX.test(prefix)) {
    throw new RangeError(`the topics' prefix must be letters, digits, ".", "_" and "-", at most 150, got "${prefix}"`);
  }
  return {
    events: `${prefix}.events`,
    deadLetters: `${prefix}.dead-letters`,
    schemas: `${prefix}.schemas`,
    group: (name) => `${prefix}.${name}`,
  };
}

const CONNECT_TIMEOUT_MS = 3_000;

/** kafkajs tries nothing again by itself: what is tried again, and in which order, is decided here. */
export function createKafka(options: KafkaBusOptions, requestTimeoutMs: number): Kafka {
  return new Kafka({
    brokers: takingTurns(options.brokers),
    clientId: options.clientId ?? 'third-umpire',
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs + 1_000,
    retry: { retries: 0 },
    // What fails is told by whoever asked for it, with more sense than kafkajs can.
    logLevel: logLevel.NOTHING,
    logCreator: silent,
    ...(options.tls === undefined ? {} : { ssl: options.tls }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  });
}

/** kafkajs begins each connection with the first of the list, and tries no other where that one is dead. */
function takingTurns(brokers: readonly string[]): () => string[] {
  let turn = 0;
  return () => {
    const first = turn % brokers.length;
    turn += 1;
    return [...brokers.slice(first), ...brokers.slice(0, first)];
  };
}

const silent: logCreator = () => () => undefined;
