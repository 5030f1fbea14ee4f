import { createHash } from 'node:crypto';
import type { Event } from '../event.ts';

/** The partition of an event's key: user, else anonymous id, else event id. Stable for ever: the order of a key depends on it. */
export function partitionOf(event: Event, partitionCount: number): number {
  const key = event.userId ?? event.anonymousId ?? event.eventId;
  return createHash('md5').update(key, 'utf8').digest().readUInt32BE(0) % partitionCount;
}
