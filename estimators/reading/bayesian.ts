import type { Effect } from '../effect.ts';
import { normalDensity, normalQuantile, normalTail } from '../normal.ts';

/** What was believed before: the effect is normal around `mean`. */
export interface NormalPrior {
  readonly mean: number;
  readonly standardDeviation: number;
}

/** The posterior of an effect, treatment minus control. */
export interface BayesianReading {
  readonly mean: number;
  readonly standardDeviation: number;
  /** Credible interval at level 1 − alpha. */
  readonly lower: number;
  readonly upper: number;
  /** Probability that the effect is above 0. */
  readonly chanceAboveZero: number;
  /** Expected loss, in the unit of the effect, where large values are good: of taking the treatment, E max(0, −effect). */
  readonly lossOfTreatment: number;
  /** The same of staying with control, E max(0, effect). */
  readonly lossOfControl: number;
}

/**
 * Normal posterior of an effect. Without a prior every effect was as likely before (flat, improper), and the credible interval is the
 * fixed-horizon one by the normal distribution. Unlike an always-valid interval it promises nothing about how often it errs under
 * repeated looks.
 *
 * Sources: A. Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 2.5; for the expected loss C. Stucchio, "Bayesian A/B testing at
 * VWO" (2015); the same as gbstats' EffectBayesianABTest.
 *
 * @throws RangeError for an effect, a prior or an alpha that cannot be
 */
export function bayesianReading(effect: Effect, alpha = 0.05, prior: NormalPrior | null = null): BayesianReading {
  const { estimate, standardError } = effect;
  if (!Number.isFinite(estimate) || !(standardError > 0) || !Number.isFinite(standardError))
    throw new RangeError(
      `bayesian: needs a finite estimate and a standard error above 0, got ${estimate} and ${standardError}`,
    );
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`bayesian: alpha must lie between 0 and 1, got ${alpha}`);
  const { mean, standardDeviation } = posterior(effect, prior);
  const z = mean / standardDeviation;
  const half = normalQuantile(alpha / 2) * standardDeviation;
  return {
    mean,
    standardDeviation,
    lower: mean - half,
    upper: mean + half,
    chanceAboveZero: normalTail(-z),
    lossOfTreatment: standardDeviation * expectedExcess(-z),
    lossOfControl: standardDeviation * expectedExcess(z),
  };
}

function posterior({ estimate, standardError }: Effect, prior: NormalPrior | null): NormalPrior {
  if (prior === null) return { mean: estimate, standardDeviation: standardError };
  if (!Number.isFinite(prior.mean) || !(prior.standardDeviation > 0))
    throw new RangeError(
      `bayesian: the prior has mean ${prior.mean} and standard deviation ${prior.standardDeviation}`,
    );
  const [data, before] = [standardError ** -2, prior.standardDeviation ** -2];
  return {
    mean: (estimate * data + prior.mean * before) / (data + before),
    standardDeviation: 1 / Math.sqrt(data + before),
  };
}

/** E max(0, Z + z) of a standard normal Z; far out below 0 where the difference would lose all digits. */
function expectedExcess(z: number): number {
  return Math.max(0, normalDensity(z) + z * normalTail(-z));
}
