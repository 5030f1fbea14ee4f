/**
 * Deals units to two arms by a hash of who they are and of a seed, as a platform does: an arm is a fact of the unit, not of its place in a list.
 *
 * Source: MurmurHash3_x86_32 (A. Appleby, 2011, public domain) of the key's eight bytes, low word first; its highest bit is the arm.
 *
 * @param keys a whole number in [0, 2⁵³) for each unit, such as the beginning of a digest
 * @param seed a whole number in [0, 2³²)
 * @returns 1 for the treated, 0 for control, for each unit
 * @throws RangeError for a key or a seed that is none
 */
export function hashSplit(keys: Float64Array, seed: number): Uint8Array {
  const arms = new Uint8Array(keys.length);
  hashSplitter(keys)(seed, arms);
  return arms;
}

/**
 * The same for many seeds: keys are looked at once.
 *
 * @returns writes the arms of a seed into an array as long as the keys
 * @throws RangeError for a key that is none
 */
export function hashSplitter(keys: Float64Array): (seed: number, into: Uint8Array) => void {
  const low = new Int32Array(keys.length);
  const high = new Int32Array(keys.length);
  for (let unit = 0; unit < keys.length; unit += 1) {
    const key = keys[unit] ?? NaN;
    if (!Number.isSafeInteger(key) || key < 0)
      throw new RangeError(`hash split: the key of unit ${unit} is a whole number in [0, 2^53), got ${key}`);
    low[unit] = (key % WORD) | 0;
    high[unit] = Math.floor(key / WORD);
  }
  return (seed, into) => {
    if (!Number.isInteger(seed) || seed < 0 || seed >= WORD)
      throw new RangeError(`hash split: the seed is a whole number in [0, 2^32), got ${seed}`);
    for (let unit = 0; unit < low.length; unit += 1)
      into[unit] = murmur3(low[unit] ?? 0, high[unit] ?? 0, seed | 0) >>> 31;
  };
}

const WORD = 2 ** 32;

function murmur3(low: number, high: number, seed: number): number {
  let hash = withWord(withWord(seed, low), high);
  // The length in bytes.
  hash ^= 8;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function withWord(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
