import type { Event } from './event.ts';
import { EXPOSURE } from './event.ts';
import type { ConsumerOptions, EventBatch, EventBus, PublishResult, Rejection } from './port.ts';

/** Ids whose past is erased. */
export interface ErasedIds {
  readonly size: number;
  /** Until when, in ms since 1970 UTC; undefined: it never was. */
  untilMs(id: string): number | undefined;
}

/** Knows whose past is erased. */
export interface Erasures {
  /** As it was at most `maxAgeMs` ago. Rejects where that cannot be known. */
  erased(maxAgeMs: number): Promise<ErasedIds>;
}

/** A user who is erased is known everywhere after so long. */
export const KNOWN_WITHIN_MS = 1_000;

/**
 * Lets nothing through, in or out, that happened before its user was erased: an event that was under way in an SDK, waits in the log, or
 * is read once more from its beginning. What the log itself keeps is `eraseUser`'s to remove.
 */
export function forgetfulBus(bus: EventBus, erasures: Erasures): EventBus {
  let last: ErasedIds | undefined;
  /** Publishing goes on with what is known while nobody can be asked; readers wait. */
  const known = async (): Promise<ErasedIds | undefined> => {
    try {
      last = await erasures.erased(KNOWN_WITHIN_MS);
    } catch (error) {
      if (last === undefined) throw error;
    }
    return last;
  };
  return {
    partitionCount: bus.partitionCount,
    publish: async (events) => await publish(bus, events, await known()),
    consume: (options) => bus.consume(consuming(options, erasures)),
    read: async (partition, from, maxEvents) =>
      without(await bus.read(partition, from, maxEvents), await erasures.erased(KNOWN_WITHIN_MS)),
    endOffsets: () => bus.endOffsets(),
    deadLetter: async (rejections) => await bus.deadLetter(rejectionsWithout(rejections, await known())),
    deadLetters: (options) => bus.deadLetters(options),
    findUser: (user) => bus.findUser(user),
    eraseUser: (user) => bus.eraseUser(user),
    metrics: () => bus.metrics(),
    close: () => bus.close(),
  };
}

async function publish(
  bus: EventBus,
  events: readonly Event[],
  erased: ErasedIds | undefined,
): Promise<readonly PublishResult[]> {
  if (erased === undefined || erased.size === 0) return await bus.publish(events);
  const isKept = events.map((event) => !isErased(event, erased));
  const results = await bus.publish(events.filter((_, index) => isKept[index]));
  let next = 0;
  return events.map(({ eventId }, index) => {
    if (isKept[index] !== true) return { eventId, status: 'erased' };
    const result = results[next];
    next += 1;
    if (result === undefined) throw new Error(`event ${eventId} was published without a result`);
    return result;
  });
}

function consuming(options: ConsumerOptions, erasures: Erasures): ConsumerOptions {
  return {
    ...options,
    onBatch: async (batch) => {
      // For every attempt anew: a batch that waits for its store may wait longer than it takes to be erased.
      const kept = without(batch, await erasures.erased(KNOWN_WITHIN_MS));
      // A consumer that keeps its own position has to hear that it moved.
      if (kept.events.length > 0 || options.offsets !== undefined) await options.onBatch(kept);
    },
  };
}

function without(batch: EventBatch, erased: ErasedIds): EventBatch {
  if (erased.size === 0) return batch;
  const events = batch.events.filter((event) => !isErased(event, erased));
  return events.length === batch.events.length ? batch : { ...batch, events };
}

/** By whose it is: its user's; without one, its device's or, of an exposure, the unit's. */
function isErased(event: Event, erased: ErasedIds): boolean {
  const { userId, anonymousId, timestampMs, eventType, properties } = event;
  const happenedBefore = (id: unknown): boolean => {
    const untilMs = typeof id === 'string' ? erased.untilMs(id) : undefined;
    return untilMs !== undefined && timestampMs <= untilMs;
  };
  if (userId !== null && userId !== undefined) return happenedBefore(userId);
  if (happenedBefore(anonymousId)) return true;
  return eventType === EXPOSURE && happenedBefore(properties?.['unit_id']);
}

/** What never was an event names its user where it can: the copy of a wire message does. */
function rejectionsWithout(rejections: readonly Rejection[], erased: ErasedIds | undefined): readonly Rejection[] {
  if (erased === undefined || erased.size === 0) return rejections;
  return rejections.filter(({ payload }) => {
    const id = payload['userId'] === null || payload['userId'] === '' ? payload['anonymousId'] : payload['userId'];
    // When it happened may be what could not be read, so what can be read decides.
    const timestamp = Date.parse(typeof payload['timestamp'] === 'string' ? payload['timestamp'] : '');
    const untilMs = typeof id === 'string' ? erased.untilMs(id) : undefined;
    return untilMs === undefined || (!Number.isNaN(timestamp) && timestamp > untilMs);
  });
}
