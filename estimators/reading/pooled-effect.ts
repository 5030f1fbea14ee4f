import { upperChiSquare } from '../chi-square.ts';
import type { Effect } from '../effect.ts';

/** How far independent estimates of one effect are apart, beyond what their standard errors explain. */
export interface Heterogeneity {
  /** Cochran's Q. */
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Small where the effect is not the same everywhere. */
  readonly pValue: number;
  /** I²: the share of the spread that is not chance, between 0 and 1. */
  readonly inconsistencyRatio: number;
  /** τ²: variance of the effect itself between the estimates, by DerSimonian and Laird. */
  readonly betweenVariance: number;
}

export interface PooledEffect {
  /** Weighted by the inverse of their variances: of an effect that is the same everywhere. */
  readonly fixed: Effect;
  /** The mean of effects that differ (random effects). */
  readonly random: Effect;
  readonly heterogeneity: Heterogeneity;
}

/**
 * Pools independent estimates of an effect, such as of segments, days or repeated experiments, weighted by the inverse of their variances: of all
 * weighted means the one with the smallest variance.
 *
 * Source: W. G. Cochran, "The combination of estimates from different experiments", Biometrics 10 (1954), 101–129 (fixed effect and Q); R.
 * DerSimonian, N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (1986), 177–188 (τ² by moments, random effects); J. P. T.
 * Higgins, S. G. Thompson, "Quantifying heterogeneity in a meta-analysis", Statistics in Medicine 21 (2002), 1539–1558 (I²).
 *
 * @param effects at least two, of different units
 * @throws RangeError for fewer than two estimates, or a standard error that is not above 0
 */
export function pooledEffect(effects: readonly Effect[]): PooledEffect {
  if (effects.length < 2) throw new RangeError(`pooling: needs at least 2 estimates, got ${effects.length}`);
  for (const [index, { estimate, standardError }] of effects.entries())
    if (!Number.isFinite(estimate) || !(standardError > 0 && Number.isFinite(standardError)))
      throw new RangeError(`pooling: estimate ${index} is ${estimate} with standard error ${standardError}`);
  const fixed = weightedMean(effects, 0);
  const weights = effects.map(({ standardError }) => standardError ** -2);
  const statistic = effects.reduce(
    (sum, { estimate }, index) => sum + (weights[index] ?? 0) * (estimate - fixed.estimate) ** 2,
    0,
  );
  const degreesOfFreedom = effects.length - 1;
  const total = sumOf(weights);
  const scale = total - sumOf(weights.map((weight) => weight * weight)) / total;
  const betweenVariance = Math.max(0, (statistic - degreesOfFreedom) / scale);
  return {
    fixed,
    random: weightedMean(effects, betweenVariance),
    heterogeneity: {
      statistic,
      degreesOfFreedom,
      pValue: upperChiSquare(statistic, degreesOfFreedom),
      inconsistencyRatio: statistic > 0 ? Math.max(0, (statistic - degreesOfFreedom) / statistic) : 0,
      betweenVariance,
    },
  };
}

function weightedMean(effects: readonly Effect[], betweenVariance: number): Effect {
  const weights = effects.map(({ standardError }) => 1 / (standardError ** 2 + betweenVariance));
  const total = sumOf(weights);
  const estimate = sumOf(effects.map((effect, index) => effect.estimate * (weights[index] ?? 0))) / total;
  return { estimate, standardError: total ** -0.5 };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
