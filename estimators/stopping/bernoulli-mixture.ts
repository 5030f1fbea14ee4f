import { logBeta } from '../log-gamma.ts';
import { assertAlpha } from '../moments.ts';
import { maximumBetween } from './maximum.ts';
import { rootOfGrowing } from './monotone-root.ts';

/** Successes among trials that came one after the other, or in any batches. */
export interface Trials {
  readonly successes: number;
  readonly trials: number;
}

export interface MixtureTuning {
  /** Error level over all looks together. */
  readonly alpha: number;
  /** The number of trials at which the sequence is narrowest; any value is valid, fixed before looking. */
  readonly tunedForCount: number;
}

/** How much the prior of a mixture is worth, in trials, for which it is narrowest at a number of trials. */
export function mixtureConcentration({ alpha, tunedForCount }: MixtureTuning): number {
  assertAlpha('bernoulli mixture', alpha);
  if (!(tunedForCount > 0) || !Number.isFinite(tunedForCount))
    throw new RangeError(`bernoulli mixture: tunedForCount must be above 0, got ${tunedForCount}`);
  const log = -2 * Math.log(alpha);
  return Math.max(SMALLEST_CONCENTRATION, tunedForCount / (log + Math.log1p(log)) - 1);
}

const SMALLEST_CONCENTRATION = 0.1;
const PRECISION = 1e-14;
/** Of rates that nobody can tell from 0, and that a double cannot tell from 1. */
export const LOGIT_OF_ZERO = -60;
export const LOGIT_OF_ONE = 40;

/**
 * Evidence against a rate, as a natural logarithm: the likelihood of the trials under a Beta prior around the rate, over their likelihood under the rate. Where the
 * rate is the true one this is a martingale with expectation 1, in finite samples, so that it ever reaches 1 / alpha with probability at most alpha.
 *
 * Sources: H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970), 1397–1409;
 * S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49 (2021),
 * proposition 7 (the two-sided beta-binomial mixture), as in their package confseq.
 *
 * @param rate in (0, 1)
 * @param concentration of `mixtureConcentration`
 */
export function logBernoulliMixture({ successes, trials }: Trials, rate: number, concentration: number): number {
  const failures = trials - successes;
  const [a, b] = [concentration * rate, concentration * (1 - rate)];
  return (
    logBeta(a + successes, b + failures) - logBeta(a, b) - successes * Math.log(rate) - failures * Math.log1p(-rate)
  );
}

/**
 * A confidence sequence for a rate that is exact in finite samples: with probability at least 1 − alpha the intervals of all looks hold it.
 *
 * @throws RangeError for counts that cannot be, an alpha outside (0, 1) or a tuning that is not above 0
 */
export function bernoulliSequence(
  trials: Trials,
  tuning: MixtureTuning,
): { readonly lower: number; readonly upper: number } {
  return ratesBelow(trials, mixtureConcentration(tuning), -Math.log(tuning.alpha));
}

/** The rates against which there is less evidence than `limit`, which must be above 0. */
export function ratesBelow(
  trials: Trials,
  concentration: number,
  limit: number,
): { readonly lower: number; readonly upper: number } {
  assertTrials(trials);
  if (trials.trials === 0) return { lower: 0, upper: 1 };
  const arm = { trials, concentration };
  const centre = centreOf(trials);
  return { lower: lowerRate(arm, limit, centre), upper: upperRate(arm, limit, centre) };
}

/** Trials with the concentration of their mixture. */
export interface MixedArm {
  readonly trials: Trials;
  readonly concentration: number;
}

/** The largest rate with less evidence than `limit` against it; `centre` is the logit of one that has less. */
export function upperRate(arm: MixedArm, limit: number, centre: number): number {
  const { successes, trials } = arm.trials;
  if (successes === trials) return 1;
  const excess = (logit: number): number => evidenceAt(arm, logit) - limit;
  return rateAt(rootOfGrowing(excess, { low: centre, high: centre + stepOf(arm.trials) }, PRECISION));
}

/** The smallest such rate. */
export function lowerRate(arm: MixedArm, limit: number, centre: number): number {
  if (arm.trials.successes === 0) return 0;
  const excess = (mirrored: number): number => evidenceAt(arm, -mirrored) - limit;
  return rateAt(-rootOfGrowing(excess, { low: -centre, high: -centre + stepOf(arm.trials) }, PRECISION));
}

/** The logit of the rate against which there is the least evidence, and that evidence; at the edge where nothing, or everything, succeeded. */
export function leastEvidence(arm: MixedArm): { readonly logit: number; readonly evidence: number } {
  const { successes, trials } = arm.trials;
  if (successes === 0) return { logit: LOGIT_OF_ZERO, evidence: 0 };
  if (successes === trials) return { logit: LOGIT_OF_ONE, evidence: 0 };
  const centre = centreOf(arm.trials);
  const reach = 4 * stepOf(arm.trials);
  const logit = maximumBetween((x) => -evidenceAt(arm, x), centre - reach, centre + reach).x;
  return { logit, evidence: evidenceAt(arm, logit) };
}

/** Infinity where no rate that a double tells from 0 or 1 is meant. */
export function evidenceAt({ trials, concentration }: MixedArm, logit: number): number {
  const rate = rateAt(logit);
  if (rate <= 0) return trials.successes === 0 ? 0 : Infinity;
  if (rate >= 1) return trials.successes === trials.trials ? 0 : Infinity;
  return logBernoulliMixture(trials, rate, concentration);
}

function centreOf({ successes, trials }: Trials): number {
  return Math.log((successes + 0.5) / (trials - successes + 0.5));
}

function stepOf({ successes, trials }: Trials): number {
  return 2 / Math.sqrt(Math.min(successes, trials - successes) + 0.5);
}

export function rateAt(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

export function assertTrials({ successes, trials }: Trials): void {
  if (!Number.isSafeInteger(trials) || !Number.isSafeInteger(successes) || successes < 0 || successes > trials)
    throw new RangeError(
      `bernoulli mixture: successes must be a whole number from 0 to the trials, got ${successes} of ${trials}`,
    );
}
