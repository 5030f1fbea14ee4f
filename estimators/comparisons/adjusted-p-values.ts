/**
 * How p-values of one family are corrected:
 * - `bh`: false discovery rate, for independent or positively dependent tests (Benjamini & Hochberg, JRSS B 57 (1995), 289–300);
 * - `by`: false discovery rate under any dependence (Benjamini & Yekutieli, Annals of Statistics 29 (2001), theorem 1.3);
 * - `holm`: family-wise error under any dependence (Holm, Scandinavian Journal of Statistics 6 (1979), 65–70);
 * - `none`.
 */
export type CorrectionMethod = 'bh' | 'by' | 'holm' | 'none';

/**
 * Adjusted p-values: a hypothesis is rejected at level alpha exactly where its adjusted p-value is at most alpha.
 *
 * @returns in the order of `pValues`, each at least its own and at most 1
 * @throws RangeError for a p-value outside [0, 1]
 */
export function adjustedPValues(pValues: readonly number[], method: CorrectionMethod): number[] {
  for (const [index, p] of pValues.entries())
    if (!(p >= 0 && p <= 1)) throw new RangeError(`comparisons: p-value ${index} is ${p}; it must lie in [0, 1]`);
  if (method === 'none') return [...pValues];
  const order = pValues.map((_, index) => index).toSorted((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  const sorted = order.map((index) => pValues[index] ?? 1);
  const adjusted = method === 'holm' ? stepDown(sorted) : stepUp(sorted, method === 'by' ? harmonic(sorted.length) : 1);
  const result = new Array<number>(pValues.length).fill(1);
  for (const [rank, index] of order.entries()) result[index] = Math.min(1, adjusted[rank] ?? 1);
  return result;
}

/** Holm: (m − k + 1) p₍ₖ₎, never falling. */
function stepDown(sorted: readonly number[]): number[] {
  let highest = 0;
  return sorted.map((p, rank) => (highest = Math.max(highest, (sorted.length - rank) * p)));
}

/** Benjamini–Hochberg: m p₍ₖ₎ / k times `factor`, never rising towards smaller ones. */
function stepUp(sorted: readonly number[], factor: number): number[] {
  let lowest = Infinity;
  return sorted
    .toReversed()
    .map((p, fromEnd) => (lowest = Math.min(lowest, (factor * sorted.length * p) / (sorted.length - fromEnd))))
    .toReversed();
}

function harmonic(count: number): number {
  return Array.from({ length: count }, (_, index) => 1 / (index + 1)).reduce((sum, term) => sum + term, 0);
}
