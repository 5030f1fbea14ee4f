import type { EventBatch } from '../port.ts';
import { createKafka, logNames, type KafkaBusOptions } from './options.ts';
import { readRun, topicOffsets } from './read.ts';
import { decodeRecord, isEvent } from './record.ts';
import { KafkaSession } from './session.ts';

/** Looks at a log in Kafka without taking part in it: no topic is made, no position is kept. */
export interface KafkaReader {
  endOffsets(): Promise<ReadonlyMap<number, bigint>>;
  read(partition: number, from: bigint, maxEvents: number): Promise<EventBatch>;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;
/** Whoever looks would rather be told. */
const INSIST_MS = 5_000;

/** Connects when it is first asked; what the brokers refuse or do not have rejects there. */
export function openKafkaReader(options: KafkaBusOptions): KafkaReader {
  const { events: topic } = logNames(options.topicPrefix ?? 'umpire');
  const session = new KafkaSession(createKafka(options, REQUEST_TIMEOUT_MS), [topic]);
  return {
    endOffsets: () =>
      session.insist(
        'reading where the partitions end',
        (cluster) => {
          const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
          return topicOffsets(cluster, topic, partitions, 'newest');
        },
        INSIST_MS,
      ),
    read: async (partition, from, maxEvents) => {
      const run = { topic, partition, from, maxRecords: maxEvents };
      const { messages, nextOffset } = await session.insist(
        'reading events',
        (cluster) => readRun(cluster, run),
        INSIST_MS,
      );
      return { partition, events: messages.map(decodeRecord).filter(isEvent), nextOffset };
    },
    close: () => session.close(),
  };
}
