import { normalQuantile } from '../../normal.ts';

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
 * E-value of an odds ratio: of a rare outcome it is about the risk ratio, of a common one (above 15 % by the end) its square root is.
 *
 * Source: VanderWeele & Ding 2017, table 2.
 */
export function eValueOfOddsRatio(
  ratio: { readonly estimate: number; readonly lower: number; readonly upper: number },
  isRare: boolean,
): EValue {
  if (isRare) return eValueOfRiskRatio(ratio);
  const { estimate, lower, upper } = ratio;
  return eValueOfRiskRatio({ estimate: Math.sqrt(estimate), lower: Math.sqrt(lower), upper: Math.sqrt(upper) });
}

/** exp(0.91 d) is about the risk ratio of a difference of d standard deviations, cut at the median (Chinn 2000; Hasselblad & Hedges 1995). */
const LOG_RISK_RATIO_OF_DEVIATION = 0.91;

/**
 * E-value of a difference of means. The table's 1.78 of the interval is 0.91 × 1.96.
 *
 * Source: VanderWeele & Ding 2017, table 2.
 *
 * @param standardDeviation of the outcome, in its unit, above 0
 * @param alpha of the interval, two-sided; default 0.05
 * @throws RangeError for others, and for a difference too large to be a risk ratio (about 700 standard deviations)
 */
export function eValueOfDifference(
  difference: { readonly estimate: number; readonly standardError: number },
  standardDeviation: number,
  alpha = 0.05,
): EValue {
  if (!(standardDeviation > 0))
    throw new RangeError(`E-value: the outcome's standard deviation must be above 0, got ${standardDeviation}`);
  const logRatio = (LOG_RISK_RATIO_OF_DEVIATION * difference.estimate) / standardDeviation;
  const wide = (LOG_RISK_RATIO_OF_DEVIATION * normalQuantile(alpha / 2) * difference.standardError) / standardDeviation;
  return eValueOfRiskRatio({
    estimate: Math.exp(logRatio),
    lower: Math.exp(logRatio - wide),
    upper: Math.exp(logRatio + wide),
  });
}

function needed(ratio: number): number {
  return ratio + Math.sqrt(ratio * (ratio - 1));
}
