import { argsort } from '../argsort.ts';

/**
 * Subclasses of the propensity, cut at quantiles of the treated units' scores (ATT) or of all (ATE).
 *
 * Source: P. R. Rosenbaum, D. B. Rubin, "Reducing bias in observational studies using subclassification on the propensity score", JASA 79 (1984), 516–524.
 *
 * @returns for each row its subclass, from 0 on; equal scores are never parted, and a subclass may be empty
 * @throws RangeError for fewer than two subclasses, or more than there are units
 */
export function propensitySubclasses(
  score: Float64Array,
  treatment: Uint8Array,
  subclassCount: number,
  estimand: 'ATT' | 'ATE',
): Int32Array {
  const asked = score.filter((_, row) => estimand === 'ATE' || treatment[row] === 1).sort();
  if (!Number.isSafeInteger(subclassCount) || subclassCount < 2 || subclassCount > asked.length)
    throw new RangeError(`subclasses: 2 to ${asked.length} for ${asked.length} units, got ${subclassCount}`);
  const cuts = Float64Array.from({ length: subclassCount - 1 }, (_, cut) => quantile(asked, (cut + 1) / subclassCount));
  const subclasses = new Int32Array(score.length);
  let subclass = 0;
  for (const row of argsort(score)) {
    while (subclass < cuts.length && cuts[subclass]! <= score[row]!) subclass += 1;
    subclasses[row] = subclass;
  }
  return subclasses;
}

/** Of sorted values, between them by straight lines (type 7 of Hyndman & Fan 1996). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  return below + (place - Math.floor(place)) * (sorted[Math.ceil(place)]! - below);
}
