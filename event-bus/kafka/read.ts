import type { Cluster } from 'kafkajs';
import { committedRecords, type AbortedTransaction, type FetchedRecord } from './committed.ts';
import { kafkaErrorType } from './failure.ts';
import { leaderOf } from './produce.ts';

/** What a broker answers for one partition of a fetch. */
export interface FetchedPartition {
  readonly partition: number;
  /** The offset after the newest record that readers may see. */
  readonly highWatermark: string;
  /** From the start of the batch that holds the offset asked for; it may begin before that. */
  readonly messages: readonly FetchedRecord[];
  readonly abortedTransactions?: readonly AbortedTransaction[] | null;
}

export interface FetchAnswer {
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 2 * 1024 * 1024;
const BYTES_A_RECORD = 1024;
const READ_COMMITTED = 1;

/** Records of one partition, in order, and where to read on. */
export interface RecordRun {
  readonly messages: readonly FetchedRecord[];
  readonly nextOffset: bigint;
}

/** Reads up to `maxRecords` from an offset on; less only where the partition ends. */
export async function readRun(
  cluster: Cluster,
  { topic, partition, from, maxRecords }: { topic: string; partition: number; from: bigint; maxRecords: number },
): Promise<RecordRun> {
  const messages: FetchedRecord[] = [];
  let position = from;
  while (messages.length < maxRecords) {
    const missing = maxRecords - messages.length;
    const fetched = await fetchOnce(cluster, { topic, partition, from: position, maxBytes: bytesFor(missing) });
    if (fetched === 'before the beginning') {
      const { low } = await partitionBounds(cluster, topic, partition);
      if (low <= position) break;
      position = low;
      continue;
    }
    const run = takeFrom(fetched, position, missing);
    messages.push(...run.messages);
    if (run.nextOffset === position) break;
    position = run.nextOffset;
  }
  return { messages, nextOffset: position };
}

/** What of an answer lies at or after `from`; what is no record for readers is stepped over. */
export function takeFrom(
  { messages, abortedTransactions }: FetchedPartition,
  from: bigint,
  maxRecords: number,
): RecordRun {
  const committed = committedRecords(messages, abortedTransactions ?? []).filter(
    ({ offset }) => BigInt(offset) >= from,
  );
  const next = committed[maxRecords];
  if (next !== undefined) return { messages: committed.slice(0, maxRecords), nextOffset: BigInt(next.offset) };
  const last = messages.at(-1);
  const end = last === undefined ? from : BigInt(last.offset) + 1n;
  return { messages: committed, nextOffset: end > from ? end : from };
}

/** A guess, so that a short run does not bring thousands of records; where it is too low, more is fetched. */
function bytesFor(records: number): number {
  return Math.min(MAX_BYTES, Math.max(MIN_BYTES, records * BYTES_A_RECORD));
}

async function fetchOnce(
  cluster: Cluster,
  { topic, partition, from, maxBytes }: { topic: string; partition: number; from: bigint; maxBytes: number },
): Promise<FetchedPartition | 'before the beginning'> {
  const broker = await leaderOf(cluster, topic, partition);
  const asked = { partition, fetchOffset: String(from), maxBytes };
  try {
    const answer = (await broker.fetch({
      maxWaitTime: 1,
      minBytes: 1,
      maxBytes,
      isolationLevel: READ_COMMITTED,
      topics: [{ topic, partitions: [asked] }],
    })) as FetchAnswer;
    const fetched = answer.responses[0]?.partitions[0];
    if (fetched === undefined) throw new Error(`the broker answered nothing for partition ${partition} of ${topic}`);
    return fetched;
  } catch (error) {
    if (kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE') return 'before the beginning';
    throw error;
  }
}

/** The oldest offset that is kept, and the one after the newest. */
export async function partitionBounds(
  cluster: Cluster,
  topic: string,
  partition: number,
): Promise<{ readonly low: bigint; readonly high: bigint }> {
  const [low, high] = await Promise.all([
    topicOffsets(cluster, topic, [partition], 'oldest'),
    topicOffsets(cluster, topic, [partition], 'newest'),
  ]);
  return { low: low.get(partition) ?? 0n, high: high.get(partition) ?? 0n };
}

/** @throws Error where the brokers do not know an offset of every partition */
export async function topicOffsets(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
  which: 'oldest' | 'newest',
): Promise<ReadonlyMap<number, bigint>> {
  const asked = partitions.map((partition) => ({ partition }));
  const answers = await cluster.fetchTopicsOffset([{ topic, partitions: asked, fromBeginning: which === 'oldest' }]);
  const offsets = new Map<number, bigint>();
  for (const { partition, offset } of answers.flatMap((answer) => answer.partitions)) {
    offsets.set(partition, BigInt(offset));
  }
  for (const partition of partitions) {
    if (!offsets.has(partition))
      throw new Error(`the brokers do not say where partition ${partition} of ${topic} ends`);
  }
  return new Map([...offsets].sort(([a], [b]) => a - b));
}
