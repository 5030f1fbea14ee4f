import type { ErasedUser, FoundInBus } from '../port.ts';
import type { LogNames } from './options.ts';
import type { ProducerRecord } from './partition-producer.ts';

/**
 * A record with a key and without a value: forget everything of this key before it. The platform's own readers go by the erased ids of the
 * control store; it is for others who read the topic. The events themselves cannot be taken out of a topic: they go when their time is over.
 */
export function tombstonesOf({ userId, deviceIds }: ErasedUser): (ProducerRecord & { readonly key: string })[] {
  return [...new Set([userId, ...deviceIds])].map((key) => ({ key, value: null }));
}

/** Whether a record is such a mark, and no event. */
export function isTombstone({ key, value }: { readonly key: unknown; readonly value: unknown }): boolean {
  return key !== null && value === null;
}

/** Nothing is counted: it would mean reading the topic from its beginning. */
export function describeTopics({ events, deadLetters }: LogNames): FoundInBus {
  return {
    found: [],
    query: `kcat -C -t ${events} -o beginning -e -f '%k %s\\n' | grep -F :user`,
    notes: [
      `${events}: Kafka cannot take single records out of a topic. They are marked by a record without a value under the user's key, no reader of the platform passes them on any more, and they are gone when the topic's retention.ms is over (kafka-configs --describe --topic ${events})`,
      `${deadLetters}: messages that were refused stay until that topic's retention.ms is over`,
    ],
  };
}
