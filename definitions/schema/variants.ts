/** Positions of the entries that occurred before. */
export function duplicates(names: readonly string[]): readonly number[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (seen.has(name)) return [index];
    seen.add(name);
    return [];
  });
}

/** Why weights are no split, in a sentence; null where they are one. */
export function weightProblem(weightsBasisPoints: readonly number[]): string | null {
  const sum = weightsBasisPoints.reduce((total, weight) => total + weight, 0);
  return sum === 10_000 ? null : `weights sum to ${sum / 100} percent; make them sum to 100`;
}

/** Equal shares in basis points; the last ones take what does not divide. */
function equalWeights(count: number): readonly number[] {
  const share = Math.floor(10_000 / count);
  const larger = 10_000 - share * count;
  return Array.from({ length: count }, (_, index) => (index >= count - larger ? share + 1 : share));
}

/** The share of each variant in basis points, and why they are no split, in a sentence; null where they are one. */
export function sharesOf(written: readonly { readonly weight?: number | undefined }[]): {
  readonly shares: readonly number[];
  readonly problem: string | null;
} {
  const weights = written.flatMap((variant) => (variant.weight === undefined ? [] : [variant.weight]));
  const shares = weights.length === 0 ? equalWeights(written.length) : weights;
  if (shares.length === written.length) return { shares, problem: weightProblem(shares) };
  return { shares, problem: 'give every variant a weight, or none for equal shares' };
}
