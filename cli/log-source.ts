import { kafkaErrorType } from '../event-bus/kafka/failure.ts';
import { openKafkaReader } from '../event-bus/kafka/kafka-reader.ts';
import type { KafkaBusOptions } from '../event-bus/kafka/options.ts';
import type { EventBatch } from '../event-bus/port.ts';
import { connectEventLog } from '../event-bus/postgres/database.ts';
import { loadEndOffsets, readBatch } from '../event-bus/postgres/read.ts';
import { isTransient } from '../event-bus/postgres/transient.ts';
import { CommandFailure } from './failures.ts';

/** Where an event log is, for those who only look at it. */
export interface LogSource {
  endOffsets(): Promise<ReadonlyMap<number, bigint>>;
  read(partition: number, from: bigint, maxEvents: number): Promise<EventBatch>;
  close(): Promise<void>;
  /** What a failure means, in words. */
  inWords(error: unknown): CommandFailure;
}

const UNDEFINED_TABLE = '42P01';

export function embeddedSource(url: string): LogSource {
  const db = connectEventLog(url, () => undefined);
  // The address without its password.
  const { host, pathname } = new URL(url);
  const place = `${host}${pathname}`;
  return {
    endOffsets: () => loadEndOffsets(db),
    read: (partition, from, maxEvents) => readBatch(db, partition, from, maxEvents),
    close: () => db.destroy(),
    inWords: (error) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === UNDEFINED_TABLE) {
        const message = `${place} holds no event log; name the platform's own database`;
        return new CommandFailure('NOT_FOUND', message, { cause: error });
      }
      if (isTransient(error)) {
        const remedy = 'is it running? "umpire up" prints the address of its own';
        return new CommandFailure('UNAVAILABLE', `PostgreSQL does not answer on ${place}: ${remedy}`, { cause: error });
      }
      return unreadable(place, error);
    },
  };
}

export function kafkaSource(options: KafkaBusOptions): LogSource {
  const reader = openKafkaReader(options);
  const place = `Kafka at ${options.brokers.join(', ')}`;
  return {
    ...reader,
    inWords: (error) => {
      if (kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
        const message = `${place} holds no event log named ${options.topicPrefix ?? 'umpire'}; is KAFKA_TOPIC_PREFIX that of the platform?`;
        return new CommandFailure('NOT_FOUND', message, { cause: error });
      }
      return unreadable(place, error);
    },
  };
}

function unreadable(place: string, error: unknown): CommandFailure {
  const why = error instanceof Error ? error.message : String(error);
  return new CommandFailure('FAILED', `the event log on ${place} cannot be read: ${why}`, { cause: error });
}
