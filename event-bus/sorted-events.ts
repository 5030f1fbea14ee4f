import { checkEvent } from './envelope.ts';
import type { Event } from './event.ts';
import type { PublishResult, Rejection } from './port.ts';
import type { SchemaRegistry } from './schemas/registry.ts';

/** An event that fits, and its JSON text. */
export interface AcceptedEvent {
  readonly event: Event;
  readonly json: string;
}

/** What is to be published, checked and sorted. */
export interface SortedEvents {
  /** In the order of the events. */
  readonly results: readonly PublishResult[];
  /** In the order of the events within each partition. */
  readonly byPartition: ReadonlyMap<number, readonly AcceptedEvent[]>;
  readonly rejections: readonly Rejection[];
}

/** Checks events against their schemas and sorts them by partition; what does not fit becomes a rejection. Never throws. */
export function sortEvents(
  events: readonly unknown[],
  registry: SchemaRegistry,
  partitionOf: (event: Event) => number,
): SortedEvents {
  const results: PublishResult[] = [];
  const rejections: Rejection[] = [];
  const byPartition = new Map<number, AcceptedEvent[]>();
  for (const candidate of events) {
    const checked = checkEvent(candidate, registry);
    if (!checked.isValid) {
      const { eventId, reason, payload } = checked;
      rejections.push({ reason, payload });
      results.push({ eventId, status: 'dead-lettered', reason });
      continue;
    }
    const { event, json } = checked;
    const partition = partitionOf(event);
    const accepted = byPartition.get(partition) ?? [];
    accepted.push({ event, json });
    byPartition.set(partition, accepted);
    results.push({ eventId: eventIdOf(candidate), status: 'accepted' });
  }
  return { results, byPartition, rejections };
}

/** As it was sent, so that the sender finds it. */
function eventIdOf(candidate: unknown): string {
  return (candidate as Event).eventId;
}
