import { BUCKETS, finish, hashBytes, mix, saltPrefix } from './murmur3.ts';

/** Two places of a unit in one small integer; `firstPoint` and `secondPoint` take it apart. */
export type PointPair = (unit: string) => number;

const SECOND_BITS = 14;

export const firstPoint = (pair: number): number => pair >>> SECOND_BITS;
export const secondPoint = (pair: number): number => pair & ((1 << SECOND_BITS) - 1);

/**
 * Makes the places of a unit on two number lines at once; each is what `saltedPoint` gives. Reading a text costs as much as mixing it, and a
 * processor mixes two hashes side by side that do not wait for each other: both together cost about what one does.
 */
export function saltedPointPair(firstSalt: string, secondSalt: string): PointPair {
  const { bytes: bytesA, state: stateA, tail: startTailA, shift: shiftA, carry: carryA } = saltPrefix(firstSalt);
  const { bytes: bytesB, state: stateB, tail: startTailB, shift: shiftB, carry: carryB } = saltPrefix(secondSalt);
  const lengthA = bytesA.length;
  const lengthB = bytesB.length;
  return (unit) => {
    const { length } = unit;
    const restLength = length & 3;
    const whole = length - restLength;
    let a = stateA;
    let b = stateB;
    let tailA = startTailA;
    let tailB = startTailB;
    let all = 0;
    for (let i = 0; i < whole; i += 4) {
      const first = unit.charCodeAt(i);
      const second = unit.charCodeAt(i + 1);
      const third = unit.charCodeAt(i + 2);
      const fourth = unit.charCodeAt(i + 3);
      all |= first | second | third | fourth;
      const word = first | (second << 8) | (third << 16) | (fourth << 24);
      a = mix(a, tailA | (word << shiftA));
      b = mix(b, tailB | (word << shiftB));
      tailA = (word >>> 1) >>> carryA;
      tailB = (word >>> 1) >>> carryB;
    }
    if (restLength > 0) {
      const first = unit.charCodeAt(whole);
      const second = restLength > 1 ? unit.charCodeAt(whole + 1) : 0;
      const third = restLength > 2 ? unit.charCodeAt(whole + 2) : 0;
      all |= first | second | third;
      const rest = first | (second << 8) | (third << 16);
      tailA |= rest << shiftA;
      tailB |= rest << shiftB;
      if (shiftA + restLength * 8 >= 32) {
        a = mix(a, tailA);
        tailA = (rest >>> 1) >>> carryA;
      }
      if (shiftB + restLength * 8 >= 32) {
        b = mix(b, tailB);
        tailB = (rest >>> 1) >>> carryB;
      }
    }
    // Some character is more than one byte.
    if (all > 0x7f) return pairOf(hashBytes(bytesA, unit), hashBytes(bytesB, unit));
    return pairOf(finish(a, tailA, lengthA + length), finish(b, tailB, lengthB + length));
  };
}

function pairOf(hashA: number, hashB: number): number {
  return (((hashA >>> 0) % BUCKETS) << SECOND_BITS) | ((hashB >>> 0) % BUCKETS);
}
