import { argsort } from '../argsort.ts';

/**
 * Subclasses of the propensity, with about as many treated units (ATT) or units (ATE) in each.
 *
 * Source: P. R. Rosenbaum, D. B. Rubin, "Reducing bias in observational studies using subclassification on the propensity score", JASA 79 (1984), 516–524.
 *
 * @returns for each row its subclass, from 0 on; equal scores are never parted
 * @throws RangeError for fewer than two subclasses, or more than there are units
 */
export function propensitySubclasses(
  score: Float64Array,
  treatment: Uint8Array,
  subclassCount: number,
  estimand: 'ATT' | 'ATE',
): Int32Array {
  const order = argsort(score);
  let asked = 0;
  for (let row = 0; row < score.length; row += 1) asked += estimand === 'ATE' || treatment[row] === 1 ? 1 : 0;
  if (!Number.isSafeInteger(subclassCount) || subclassCount < 2 || subclassCount > asked)
    throw new RangeError(`subclasses: 2 to ${asked} for ${asked} units, got ${subclassCount}`);
  const subclasses = new Int32Array(score.length);
  let [before, subclass, last] = [0, 0, NaN];
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i]!;
    if (score[row] !== last) subclass = Math.min(subclassCount - 1, Math.floor((before * subclassCount) / asked));
    last = score[row]!;
    subclasses[row] = subclass;
    if (estimand === 'ATE' || treatment[row] === 1) before += 1;
  }
  return subclasses;
}
