/**
 * murmur3_x86_32 with seed 0 over the UTF-8 bytes of `salt:unit` (Appleby, MurmurHash3, 2011). The bytes of the salt are mixed once, so
 * that a decision pays only for the unit. A lone surrogate counts as U+FFFD, as in every UTF-8 encoder.
 */
export type SaltedHash = (unit: string) => number;

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const encoder = new TextEncoder();

/** Buckets of every number line. */
export const BUCKETS = 10_000;

/** Makes the hash of `salt:unit`. */
export function saltedHash(salt: string): SaltedHash {
  const hash = signedHash(salt);
  return (unit) => hash(unit) >>> 0;
}

/** Makes the place of a unit on the number line of a salt: the hash of `salt:unit` mod 10,000. */
export function saltedPoint(salt: string): SaltedHash {
  const hash = signedHash(salt);
  return (unit) => (hash(unit) >>> 0) % BUCKETS;
}

/** What is known before the unit: the state after the salt's whole words, and the bytes that are left over. */
export interface SaltPrefix {
  readonly bytes: Uint8Array;
  readonly state: number;
  readonly tail: number;
  /** Bits by which a word of the unit is shifted to follow the tail. */
  readonly shift: number;
  /** A word's bits that did not fit follow as `(word >>> 1) >>> carry`: shifting by 32 at once would do nothing. */
  readonly carry: number;
}

export function saltPrefix(salt: string): SaltPrefix {
  const bytes = encoder.encode(`${salt}:`);
  const wholeLength = bytes.length & ~3;
  let state = 0;
  for (let i = 0; i < wholeLength; i += 4) state = mix(state, blockAt(bytes, i));
  let tail = 0;
  for (let i = wholeLength; i < bytes.length; i += 1) tail |= (bytes[i] ?? 0) << ((i & 3) * 8);
  const shift = (bytes.length & 3) * 8;
  return { bytes, state, tail, shift, carry: 31 - shift };
}

/** Hashes to a signed number: an unsigned one can be too large for a small integer, and would be put on the heap with every call. */
function signedHash(salt: string): SaltedHash {
  const { bytes, state, tail: startTail, shift, carry } = saltPrefix(salt);
  const prefixLength = bytes.length;
  return (unit) => {
    const { length } = unit;
    const restLength = length & 3;
    const whole = length - restLength;
    let h = state;
    let tail = startTail;
    let all = 0;
    // Four characters at a time, each of them one byte as long as all are ASCII.
    for (let i = 0; i < whole; i += 4) {
      const a = unit.charCodeAt(i);
      const b = unit.charCodeAt(i + 1);
      const c = unit.charCodeAt(i + 2);
      const d = unit.charCodeAt(i + 3);
      all |= a | b | c | d;
      const word = a | (b << 8) | (c << 16) | (d << 24);
      h = mix(h, tail | (word << shift));
      tail = (word >>> 1) >>> carry;
    }
    if (restLength > 0) {
      const a = unit.charCodeAt(whole);
      const b = restLength > 1 ? unit.charCodeAt(whole + 1) : 0;
      const c = restLength > 2 ? unit.charCodeAt(whole + 2) : 0;
      all |= a | b | c;
      const rest = a | (b << 8) | (c << 16);
      tail |= rest << shift;
      if (shift + restLength * 8 >= 32) {
        h = mix(h, tail);
        tail = (rest >>> 1) >>> carry;
      }
    }
    return all > 0x7f ? hashBytes(bytes, unit) : finish(h, tail, prefixLength + length);
  };
}

/** murmur3_x86_32 with seed 0 of a whole text. */
export function murmur3(text: string): number {
  return hashBytes(new Uint8Array(0), text) >>> 0;
}

export function hashBytes(prefix: Uint8Array, text: string): number {
  const suffix = encoder.encode(text);
  const bytes = new Uint8Array(prefix.length + suffix.length);
  bytes.set(prefix);
  bytes.set(suffix, prefix.length);
  const wholeLength = bytes.length & ~3;
  let h = 0;
  for (let i = 0; i < wholeLength; i += 4) h = mix(h, blockAt(bytes, i));
  let tail = 0;
  for (let i = wholeLength; i < bytes.length; i += 1) tail |= (bytes[i] ?? 0) << ((i & 3) * 8);
  return finish(h, tail, bytes.length);
}

function blockAt(bytes: Uint8Array, i: number): number {
  return (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
}

export function mix(h: number, block: number): number {
  let k = Math.imul(block, C1);
  k = (k << 15) | (k >>> 17);
  const mixed = h ^ Math.imul(k, C2);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

export function finish(h: number, tail: number, length: number): number {
  let k = Math.imul(tail, C1);
  k = (k << 15) | (k >>> 17);
  let result = h ^ Math.imul(k, C2) ^ length;
  result = Math.imul(result ^ (result >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return result ^ (result >>> 16);
}
