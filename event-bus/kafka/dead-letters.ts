import type { JsonObject } from '../event.ts';
import type { DeadLetter, Rejection } from '../port.ts';
import { readableCopy, readableText } from '../readable-copy.ts';
import type { PartitionProducer, ProducerRecord } from './partition-producer.ts';
import { partitionBounds, readRun } from './read.ts';
import type { KafkaSession } from './session.ts';
import { MAX_DEAD_LETTER_BYTES } from './topics.ts';

const ROOM_BYTES = 64 * 1024;

/** The dead letters of a log: a topic of one partition, whose offsets are their ids. */
export class DeadLetters {
  readonly #session: KafkaSession;
  readonly #producer: PartitionProducer;
  readonly #topic: string;

  constructor(session: KafkaSession, producer: PartitionProducer, topic: string) {
    this.#session = session;
    this.#producer = producer;
    this.#topic = topic;
  }

  async store(rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length > 0) await this.#producer.append(rejections.map(recordOf));
  }

  /** The newest first. */
  async newest(limit: number): Promise<readonly DeadLetter[]> {
    const topic = this.#topic;
    return await this.#session.insist('reading the dead letters', async (cluster) => {
      const { low, high } = await partitionBounds(cluster, topic, 0);
      const from = high - BigInt(limit) > low ? high - BigInt(limit) : low;
      const { messages } = await readRun(cluster, { topic, partition: 0, from, maxRecords: Number(high - from) });
      return messages.toReversed().map(({ offset, timestamp, value }) => {
        const letter = JSON.parse(value?.toString('utf8') ?? '{}') as { reason: string; payload: JsonObject };
        return { id: BigInt(offset), ...letter, receivedAtMs: Number(timestamp) };
      });
    });
  }
}

function recordOf({ reason, payload }: Rejection): ProducerRecord {
  const text = readableText(reason);
  const copy = readableCopy(payload);
  const value = Buffer.from(JSON.stringify({ reason: text, payload: copy }), 'utf8');
  if (value.length <= MAX_DEAD_LETTER_BYTES - ROOM_BYTES) return { key: null, value };
  // Half a letter with its reason is worth more than none.
  const beginning = JSON.stringify(copy).slice(0, MAX_DEAD_LETTER_BYTES / 8);
  const cut = { reason: text, payload: { cut: `the first ${beginning.length} characters of its JSON`, beginning } };
  return { key: null, value: Buffer.from(JSON.stringify(cut), 'utf8') };
}
