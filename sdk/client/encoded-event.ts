import { PublishRequest, type Event } from '@third-umpire/proto/umpire/events/v1/events';

/** An event as it goes over the wire: what the caller does to his object afterwards changes nothing. */
export interface EncodedEvent {
  readonly eventId: string;
  readonly eventType: string;
  /** A `PublishRequest` that holds only this event. */
  readonly bytes: Uint8Array;
}

/** Larger than any event should be, and below what a server takes in one message. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** @throws Error where the event has no encoding (a property that is no JSON, a time that is none), RangeError where it is too large */
export function encodeEvent(event: Event): EncodedEvent {
  const bytes = PublishRequest.encode({ events: [event] }).finish();
  if (bytes.length > MAX_EVENT_BYTES) {
    throw new RangeError(`it takes ${bytes.length} bytes; at most ${MAX_EVENT_BYTES} are sent`);
  }
  return { eventId: event.eventId, eventType: event.eventType, bytes };
}
