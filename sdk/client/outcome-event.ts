import { Event } from '@third-umpire/proto/umpire/events/v1/events';
import { uuidv7 } from 'uuidv7';
import type { Outcome } from './client.ts';
import type { Settings } from './options.ts';

/** The envelope around what a service publishes. */
export function outcomeEvent(outcome: Outcome, { clock, serviceName }: Pick<Settings, 'clock' | 'serviceName'>): Event {
  return Event.fromPartial({
    eventId: outcome.eventId ?? uuidv7(),
    eventType: outcome.type,
    schemaVersion: outcome.schemaVersion ?? 1,
    userId: outcome.userId ?? '',
    anonymousId: outcome.anonymousId ?? '',
    timestamp: new Date(outcome.timestampMs ?? clock()),
    serviceName,
    properties: outcome.properties ?? {},
  });
}
