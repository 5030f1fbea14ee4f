/** How strong a hidden confounder would have to be. */
export interface EValue {
  /** The risk ratio that the effect amounts to. */
  readonly riskRatio: number;
  /** Risk ratio that a hidden confounder must have with the treatment and with the outcome to explain the whole estimate away. */
  readonly ofEstimate: number;
  /** The same for the end of the interval that is nearer to no effect; 1 where the interval holds no effect. */
  readonly ofInterval: number;
}

/**
 * E-value of a risk ratio.
 *
 * Source: T. J. VanderWeele, P. Ding, "Sensitivity analysis in observational research: introducing the E-value", Annals of Internal Medicine 167 (2017),
 * 268–274.
 *
 * @throws RangeError for ratios that are not above 0, or an interval without the estimate
 */
export function eValueOfRiskRatio(ratio: {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}): EValue {
  const { estimate, lower, upper } = ratio;
  if (!(lower > 0 && lower <= estimate && estimate <= upper && Number.isFinite(upper)))
    throw new RangeError(`E-value: needs 0 < lower <= estimate <= upper, got ${lower}, ${estimate}, ${upper}`);
  const limit = estimate >= 1 ? lower : 1 / upper;
  return {
    riskRatio: estimate,
    ofEstimate: needed(estimate >= 1 ? estimate : 1 / estimate),
    ofInterval: limit <= 1 ? 1 : needed(limit),
  };
}

/**
 * E-value of a difference of means: the risk ratio is about exp(0.91 d) for d standard deviations of the outcome.
 *
 * Source: VanderWeele & Ding 2017, table 2; VanderWeele, Ann. Intern. Med. 2017 (the 1.78 of the interval is 0.91 × 1.96).
 *
 * @param standardDeviation of the outcome, in its unit, above 0
 */
export function eValueOfDifference(
  difference: { readonly estimate: number; readonly standardError: number },
  standardDeviation: number,
): EValue {
  if (!(standardDeviation > 0))
    throw new RangeError(`E-value: the outcome's standard deviation must be above 0, got ${standardDeviation}`);
  const d = difference.estimate / standardDeviation;
  const spread = (1.78 * difference.standardError) / standardDeviation;
  return eValueOfRiskRatio({
    estimate: Math.exp(0.91 * d),
    lower: Math.exp(0.91 * d - spread),
    upper: Math.exp(0.91 * d + spread),
  });
}

function needed(ratio: number): number {
  return ratio + Math.sqrt(ratio * (ratio - 1));
}
