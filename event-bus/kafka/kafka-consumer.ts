import { GroupConsumer } from '../group/group-consumer.ts';
import type { JsonObject } from '../event.ts';
import type { ConsumerLag } from '../metrics.ts';
import { backoffMs, pause } from '../pause.ts';
import type { Consumer, ConsumerOptions, EventBatch, Rejection } from '../port.ts';
import { isTombstone } from './erasure.ts';
import { GroupConnection } from './group-coordinator.ts';
import { KafkaMembership } from './group-membership.ts';
import { PartitionFetcher } from './partition-fetcher.ts';
import { decodeRecord, isEvent, type LogEvent } from './record.ts';
import type { KafkaSession } from './session.ts';

export interface KafkaConsumerOptions extends ConsumerOptions {
  readonly maxBatchSize: number;
  /** This consumer's own; closed with it. */
  readonly session: KafkaSession;
  readonly topic: string;
  readonly groupId: string;
  readonly partitionCount: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  endOffsets(): Promise<ReadonlyMap<number, bigint>>;
  /** Keeps what is no event. */
  onForeignRecords(rejections: readonly Rejection[]): Promise<void>;
  onLogError(error: Error): void;
  onEnd(): void;
}

export interface KafkaConsumer extends Consumer {
  lag(): ConsumerLag[];
}

/** Starts a member of a consumer group, with a connection of its own. */
export async function startKafkaConsumer(options: KafkaConsumerOptions): Promise<KafkaConsumer> {
  const { session, topic, onLogError } = options;
  const fetcher = new PartitionFetcher(session, topic, onLogError);
  const close = async (): Promise<void> => {
    await fetcher.close();
    await session.close();
  };
  try {
    const consumer = await join(options, fetcher);
    return {
      caughtUp: () => consumer.caughtUp(),
      lag: () => consumer.lag(options.group, (partition) => fetcher.newest(partition)),
      stop: async () => {
        await consumer.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function join(options: KafkaConsumerOptions, fetcher: PartitionFetcher): Promise<GroupConsumer> {
  const { offsets, onBatch, onError, onLogError } = options;
  const coordinator = new GroupConnection(options.session, options.groupId);
  let membership: KafkaMembership | undefined;
  return await GroupConsumer.start({
    join: async (events) => (membership = await KafkaMembership.join({ ...options, coordinator }, events)),
    endOffsets: (signal) => retried(() => options.endOffsets(), signal, onLogError),
    work: {
      load: async (partition) => (await (offsets?.load(partition) ?? membership?.committed(partition))) ?? 0n,
      waitBeyond: (partition, position, signal) => fetcher.waitBeyond(partition, position, signal),
      read: (partition, position) => takeBatch(options, fetcher, partition, position),
      handle: (batch) => onBatch(batch),
      store: async (batch) => {
        if (offsets === undefined) await membership?.commit(batch.partition, batch.nextOffset);
      },
      onBatchError: (error, batch, attempt) => {
        if (onError === undefined) onLogError(error);
        else onError(error, batch, attempt);
      },
      onLogError,
      release: (partition) => fetcher.release(partition),
    },
    onEnd: () => options.onEnd(),
  });
}

async function takeBatch(
  options: KafkaConsumerOptions,
  fetcher: PartitionFetcher,
  partition: number,
  position: bigint,
): Promise<EventBatch> {
  const { messages, nextOffset } = fetcher.take(partition, position, options.maxBatchSize);
  const events: LogEvent[] = [];
  const foreign: Rejection[] = [];
  for (const record of messages.filter((message) => !isTombstone(message)).map(decodeRecord)) {
    if (isEvent(record)) events.push(record);
    else foreign.push(rejectionOf(options, partition, record));
  }
  if (foreign.length > 0) await options.onForeignRecords(foreign);
  return { partition, events, nextOffset };
}

function rejectionOf(
  { topic, group }: KafkaConsumerOptions,
  partition: number,
  { offset, reason, text }: { offset: bigint; reason: string; text: string },
): Rejection {
  const payload: JsonObject = { topic, partition, offset: String(offset), group, record: text };
  return { reason, payload };
}

async function retried<T>(work: () => Promise<T>, signal: AbortSignal, onLogError: (error: Error) => void): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      onLogError(new Error('the end of the event log cannot be read; trying again', { cause: error }));
      await pause(backoffMs(attempt), signal);
    }
  }
}
