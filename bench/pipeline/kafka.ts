import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { startKafka } from '../../parts/kafka.ts';
import { PARTITIONS, type BareMessage, type BusUnderTest } from './bus-under-test.ts';
import { inBatches } from './workload.ts';

const PRODUCERS = 4;

/** Kafka. Its floor: kafkajs alone, in batches of a thousand ready texts over four producers with acks=all, and its bare consumer. */
export async function startKafkaBus(): Promise<BusUnderTest> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bench-'));
  const broker = await startKafka({ dataDirectory: directory });
  const kafka = new Kafka({ clientId: 'bench', brokers: [broker.address], logLevel: logLevel.NOTHING });
  return {
    kind: 'kafka',
    address: broker.address,
    bareProduce: (round, messages) => produce(kafka, topicOf(round), messages),
    bareConsume: (round, count) => consume(kafka, topicOf(round), count),
    stop: async () => {
      await broker.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const topicOf = (round: number): string => `bare-${round}`;

async function produce(kafka: Kafka, topic: string, messages: readonly BareMessage[]): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
  await admin.disconnect();
  const producers = Array.from({ length: PRODUCERS }, () => kafka.producer());
  await Promise.all(producers.map((producer) => producer.connect()));
  const batches = inBatches(messages.map(({ key, text }) => ({ key, value: text }))).values();
  const startedAtMs = performance.now();
  await Promise.all(
    producers.map(async (producer) => {
      for (const batch of batches) await producer.send({ topic, acks: -1, messages: batch });
    }),
  );
  const tookMs = performance.now() - startedAtMs;
  await Promise.all(producers.map((producer) => producer.disconnect()));
  return tookMs;
}

/** The clock starts with the first message: joining a group is not reading. */
async function consume(kafka: Kafka, topic: string, count: number): Promise<number> {
  const consumer = kafka.consumer({ groupId: `bench-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let startedAtMs: number | undefined;
  let read = 0;
  const tookMs = await new Promise<number>((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          startedAtMs ??= performance.now();
          read += batch.messages.length;
          if (read >= count) resolve(performance.now() - startedAtMs);
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return tookMs;
}
