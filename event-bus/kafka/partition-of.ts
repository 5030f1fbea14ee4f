import type { Event } from '../event.ts';

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const SHIFT = 24;

/** The key of an event: user, else anonymous id, else event id. */
export function keyOf({ userId, anonymousId, eventId }: Event): string {
  return userId ?? anonymousId ?? eventId;
}

/** The partition that Kafka's own clients choose for a key, so that whoever else publishes with it keeps its order. Stable for ever. */
export function partitionOf(key: string, partitionCount: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitionCount;
}

/** murmur2 (32 bits, Austin Appleby) as Kafka's Java client has it: `org.apache.kafka.common.utils.Utils.murmur2`. */
function murmur2(data: Buffer): number {
  let hash = SEED ^ data.length;
  const whole = data.length & ~3;
  for (let place = 0; place < whole; place += 4) {
    const word = Math.imul(data.readInt32LE(place), MIX);
    hash = Math.imul(hash, MIX) ^ Math.imul(word ^ (word >>> SHIFT), MIX);
  }
  const rest = data.length - whole;
  if (rest > 0) {
    for (let place = rest - 1; place >= 0; place -= 1) hash ^= (data[whole + place] ?? 0) << (8 * place);
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
