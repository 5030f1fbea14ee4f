import type { Event as WireEvent } from '@third-umpire/proto/umpire/events/v1/events';
import type { Event, StoredEvent } from './event.ts';
import type { EventBus, PublishResult, Rejection } from './port.ts';
import { readableCopy } from './readable-copy.ts';

/** A wire event that cannot be an event. The message begins with the field's wire name. */
export class InvalidWireEventError extends Error {
  readonly field: string;
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.name = 'InvalidWireEventError';
    this.field = field;
  }
}

/**
 * Wire form to the platform's own. An empty text is an absent one, and so is epoch 0: epochs count from 1. `ingested_at` is ignored,
 * because the platform sets it. What remains to be checked is checked by `EventBus.publish`.
 *
 * @throws InvalidWireEventError
 */
export function eventFromWire(message: WireEvent): Event {
  const { timestamp } = message;
  if (timestamp === undefined) throw new InvalidWireEventError('timestamp', 'is missing; say when the event happened');
  const timestampMs = timestamp.getTime();
  if (Number.isNaN(timestampMs)) throw new InvalidWireEventError('timestamp', 'is outside the range of dates');
  return {
    eventId: message.eventId,
    eventType: message.eventType,
    schemaVersion: message.schemaVersion,
    userId: textOf(message.userId),
    anonymousId: textOf(message.anonymousId),
    timestampMs,
    serviceName: message.serviceName,
    experimentKey: textOf(message.experimentKey),
    epoch: message.epoch === 0 ? null : message.epoch,
    variant: textOf(message.variant),
    decisionId: textOf(message.decisionId),
    properties: message.properties ?? {},
  };
}

/** The platform's own form to the wire form; the inverse of `eventFromWire`. */
export function eventToWire(event: Event | StoredEvent): WireEvent {
  return {
    eventId: event.eventId,
    eventType: event.eventType,
    schemaVersion: event.schemaVersion,
    userId: event.userId ?? '',
    anonymousId: event.anonymousId ?? '',
    timestamp: new Date(event.timestampMs),
    serviceName: event.serviceName,
    experimentKey: event.experimentKey ?? '',
    epoch: event.epoch ?? 0,
    variant: event.variant ?? '',
    decisionId: event.decisionId ?? '',
    properties: { ...event.properties },
    ingestedAt: 'ingestedAtMs' in event ? new Date(event.ingestedAtMs) : undefined,
  };
}

/**
 * Publishes wire events. What cannot be an event goes to the dead letters, like what does not fit its schema, so that everything sent
 * is either accepted or kept with the reason. Results are in the order of the messages; all are durable once resolved.
 */
export async function publishFromWire(
  bus: EventBus,
  messages: readonly WireEvent[],
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = [];
  const events: Event[] = [];
  const places: number[] = [];
  const rejections: Rejection[] = [];
  for (const [place, message] of messages.entries()) {
    try {
      events.push(eventFromWire(message));
      places.push(place);
    } catch (error) {
      if (!(error instanceof InvalidWireEventError)) throw error;
      rejections.push({ reason: error.message, payload: readableCopy(message) });
      results[place] = { eventId: message.eventId, status: 'dead-lettered', reason: error.message };
    }
  }
  const [published] = await Promise.all([
    events.length === 0 ? [] : bus.publish(events),
    rejections.length === 0 ? undefined : bus.deadLetter(rejections),
  ]);
  for (const [index, result] of published.entries()) results[places[index] ?? index] = result;
  return results;
}

function textOf(text: string): string | null {
  return text === '' ? null : text;
}
