import { jointMomentsFromSums, type JointMoments } from '../joint-moments.ts';

/** Several numbers of each unit, ready to be added up over one arm after another. */
export interface SplitNumbers {
  readonly count: number;
  /** The mean of each number: deviations from it keep their digits in sums of squares. */
  readonly centres: readonly number[];
  /** How many terms a unit has: its deviations, and their products (lower triangle, row by row). */
  readonly size: number;
  /** The terms of all units, one after the other. */
  readonly terms: Float64Array;
}

/** Memory: 8 bytes for each term of each unit. */
export function splitNumbers(numbers: readonly Float64Array[]): SplitNumbers {
  const width = numbers.length;
  const count = numbers[0]?.length ?? 0;
  const centres = numbers.map((values) => values.reduce((sum, value) => sum + value, 0) / count);
  const size = width + (width * (width + 1)) / 2;
  const terms = new Float64Array(count * size);
  for (let unit = 0; unit < count; unit += 1) {
    const base = unit * size;
    let place = base + width;
    for (let i = 0; i < width; i += 1) {
      const deviation = (numbers[i]?.[unit] ?? NaN) - (centres[i] ?? NaN);
      terms[base + i] = deviation;
      for (let j = 0; j <= i; j += 1) {
        terms[place] = deviation * (terms[base + j] ?? NaN);
        place += 1;
      }
    }
  }
  return { count, centres, size, terms };
}

/** How many units an arm has, and the sums of their terms. */
export interface ArmSums {
  readonly count: number;
  readonly sums: Float64Array;
}

/**
 * The sums of one arm over the first units, up to each of several ends.
 *
 * @param arms 1 for each unit of the arm, else 0
 * @param ends rising numbers of units
 */
export function sumsUpTo({ count, size, terms }: SplitNumbers, arms: Uint8Array, ends: readonly number[]): ArmSums[] {
  const running = new Float64Array(size);
  const found: ArmSums[] = [];
  let inArm = 0;
  let unit = 0;
  for (const end of ends) {
    for (; unit < Math.min(end, count); unit += 1) {
      const arm = arms[unit] ?? 0;
      const base = unit * size;
      inArm += arm;
      // A product costs less than a branch that nobody can foresee.
      for (let k = 0; k < size; k += 1) running[k] = (running[k] ?? 0) + arm * (terms[base + k] ?? 0);
    }
    found.push({ count: inArm, sums: running.slice() });
  }
  return found;
}

/** What is left for the other arm. */
export function remaining(total: ArmSums, arm: ArmSums): ArmSums {
  return { count: total.count - arm.count, sums: total.sums.map((sum, k) => sum - (arm.sums[k] ?? 0)) };
}

/** @throws RangeError for fewer than two units */
export function momentsOfArm({ centres }: SplitNumbers, { count, sums }: ArmSums): JointMoments {
  const width = centres.length;
  const productAt = (i: number, j: number): number => sums[width + (i * (i + 1)) / 2 + j] ?? NaN;
  return jointMomentsFromSums({
    count,
    centres,
    sums: [...sums.subarray(0, width)],
    products: centres.map((_, i) => centres.map((__, j) => productAt(Math.max(i, j), Math.min(i, j)))),
  });
}
