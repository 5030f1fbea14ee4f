/**
 * murmur3_x86_32 with seed 0 over the UTF-8 bytes of `salt:unit` (Appleby, MurmurHash3, 2011). The bytes of the salt are mixed once, so
 * that a decision pays only for the unit. A lone surrogate counts as U+FFFD, as in every UTF-8 encoder.
 */
export interface SaltedHash {
  /** Hash as an unsigned 32-bit integer. */
  (unit: string): number;
}

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** Makes the hash of `salt:unit`. */
export function saltedHash(salt: string): SaltedHash {
  const prefix = new TextEncoder().encode(`${salt}:`);
  const wholeLength = prefix.length & ~3;
  let start = 0;
  for (let i = 0; i < wholeLength; i += 4) start = mix(start, blockAt(prefix, i));
  let startTail = 0;
  for (let i = wholeLength; i < prefix.length; i += 1) startTail |= (prefix[i] ?? 0) << ((i & 3) * 8);
  const prefixLength = prefix.length;
  const startShift = (prefixLength & 3) * 8;

  return (unit) => {
    let h = start;
    let tail = startTail;
    let shift = startShift;
    for (let i = 0; i < unit.length; i += 1) {
      const code = unit.charCodeAt(i);
      if (code > 0x7f) return hashBytes(prefix, unit);
      tail |= code << shift;
      shift += 8;
      if (shift === 32) {
        h = mix(h, tail);
        tail = 0;
        shift = 0;
      }
    }
    return finish(h, tail, prefixLength + unit.length);
  };
}

/** murmur3_x86_32 with seed 0 of a whole text. */
export function murmur3(text: string): number {
  return hashBytes(new Uint8Array(0), text);
}

function hashBytes(prefix: Uint8Array, text: string): number {
  const suffix = new TextEncoder().encode(text);
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

function mix(h: number, block: number): number {
  let k = Math.imul(block, C1);
  k = (k << 15) | (k >>> 17);
  const mixed = h ^ Math.imul(k, C2);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(h: number, tail: number, length: number): number {
  let k = Math.imul(tail, C1);
  k = (k << 15) | (k >>> 17);
  let result = h ^ Math.imul(k, C2) ^ length;
  result = Math.imul(result ^ (result >>> 16), 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}
