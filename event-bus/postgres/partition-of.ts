import type { Event } from '../event.ts';

/** The partition of an event's key: user, else anonymous id, else event id. Stable for ever: the order of a key depends on it. */
export function partitionOf(event: Event, partitionCount: number): number {
  return hashOf(event.userId ?? event.anonymousId ?? event.eventId) % partitionCount;
}

/** FNV-1a (Fowler, Noll and Vo) over UTF-16 units, then murmur3's finalizer, so that the low bits depend on all. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
