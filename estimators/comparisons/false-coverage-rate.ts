/**
 * What is known of how the intervals of a family depend on each other:
 * - `positive`: independent or positively dependent, as metrics of the same units mostly are, selected by Benjamini-Hochberg;
 * - `any`: any dependence, selected by Benjamini-Yekutieli;
 * - `always-valid`: any dependence and any rule of selection, for confidence sequences, which are dual to e-processes.
 */
export type CoverageDependence = 'positive' | 'any' | 'always-valid';

export interface SelectedFamily {
  /** How many intervals there were to choose from. */
  readonly familySize: number;
  /** How many of them are shown as findings. */
  readonly selectedCount: number;
  /** The false coverage rate that is wanted: the expected share of the shown intervals that miss their truth. */
  readonly alpha: number;
  readonly dependence: CoverageDependence;
}

/**
 * The error level at which the intervals of what was selected have to be made: whoever shows only the findings out of many shows those that chance
 * has pushed far out, and ordinary intervals of these miss the truth more often than alpha says. Made at this level, at most alpha of them do.
 *
 * Source: Y. Benjamini, D. Yekutieli, "False discovery rate-adjusted multiple confidence intervals for selected parameters", Journal of the
 * American Statistical Association 100 (2005), 71–81, theorems 1 and 4: R·alpha / m, and under any dependence that over Σ 1/i. For always-valid
 * intervals: Z. Xu, R. Wang, A. Ramdas, "Post-selection inference for e-value based confidence intervals", Electronic Journal of Statistics 18
 * (2024), theorem 1: R·alpha / m.
 *
 * @returns between 0 and alpha
 * @throws RangeError where more were selected than there are, none were, or alpha is not between 0 and 1
 */
export function falseCoverageLevel({ familySize, selectedCount, alpha, dependence }: SelectedFamily): number {
  if (!Number.isSafeInteger(familySize) || familySize < 1)
    throw new RangeError(`false coverage: a family has at least 1 interval, got ${familySize}`);
  if (!Number.isSafeInteger(selectedCount) || selectedCount < 1 || selectedCount > familySize)
    throw new RangeError(`false coverage: between 1 and ${familySize} can be selected, got ${selectedCount}`);
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`false coverage: alpha lies between 0 and 1, got ${alpha}`);
  const level = (selectedCount * alpha) / familySize;
  if (dependence !== 'any') return level;
  let harmonic = 0;
  for (let rank = 1; rank <= familySize; rank += 1) harmonic += 1 / rank;
  return level / harmonic;
}
