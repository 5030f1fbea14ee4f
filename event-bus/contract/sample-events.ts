import type { Event } from '../event.ts';
import type { EventTypeSchema } from '../schemas/event-type.ts';
import { createRegistry } from '../schemas/registry.ts';

const CONTRACT_EVENT: EventTypeSchema = {
  key: 'contest_joined',
  version: 1,
  properties: {
    sequence: { type: 'integer', required: true },
    contest: { type: 'string' },
  },
};

/** What the contract's events are checked against. */
export const CONTRACT_REGISTRY = createRegistry([CONTRACT_EVENT]);

/** The `sequence`-th event of a user; its id follows from both. */
export function sampleEvent(userId: string, sequence: number, changes: Partial<Event> = {}): Event {
  return {
    eventId: idOf(userId, sequence),
    eventType: CONTRACT_EVENT.key,
    schemaVersion: 1,
    userId,
    anonymousId: null,
    timestampMs: Date.UTC(2026, 3, 1) + sequence,
    serviceName: 'contract',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: { sequence },
    ...changes,
  };
}

/** `perUser` events of each of `users` users, the users interleaved. */
export function sampleEvents(users: number, perUser: number, firstSequence = 0): Event[] {
  return Array.from({ length: users * perUser }, (_, index) =>
    sampleEvent(`user-${index % users}`, firstSequence + Math.floor(index / users)),
  );
}

function idOf(userId: string, sequence: number): string {
  const user = Buffer.from(userId.padEnd(8, '.').slice(-8)).toString('hex');
  return `${user.slice(0, 8)}-${user.slice(8, 12)}-4${user.slice(13, 16)}-8000-${sequence.toString(16).padStart(12, '0')}`;
}
