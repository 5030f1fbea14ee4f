import {
  assertTrials,
  logBernoulliMixture,
  mixtureConcentration,
  ratesBelow,
  type MixtureTuning,
} from './bernoulli-mixture.ts';

/** Events of two arms: units with a success, or arrivals of a Poisson process. */
export interface EventCounts {
  readonly control: number;
  readonly treatment: number;
}

export interface EventSplitInput extends MixtureTuning {
  /** Share of the units that the design gives to the treatment, of both arms together; in (0, 1). Of a Poisson process: its share of the exposure. */
  readonly treatmentShare: number;
}

export interface EventSplit {
  /** Treatment's rate over control's, minus 1; NaN is never given: without events it is 0. */
  readonly estimate: number;
  readonly lower: number;
  /** Infinity where control's events are too few to bound it. */
  readonly upper: number;
  /** Anytime-valid, for equal rates; below alpha exactly where the interval excludes 0. */
  readonly pValue: number;
}

/**
 * The relative difference of two rates by the arms of the events alone, exact in finite samples and at every look: of units that are randomized one by one, one
 * with a success is in the treatment with probability ρ p₁ / (ρ p₁ + (1 − ρ) p₀), whatever the rates and the number of units are; so is an event of two Poisson
 * processes whose exposures keep the ratio ρ : 1 − ρ, however their common intensity changes with time. The non-events tell next to nothing where events are rare.
 *
 * Source: M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022, sections 4 and 5 (there inhomogeneous Bernoulli and Poisson
 * processes), with the beta-binomial mixture of Howard et al. 2021.
 *
 * Events must not come in clusters: at most one a unit, or Poisson. `tunedForCount` counts events.
 *
 * @throws RangeError for counts, a share, an alpha or a tuning that cannot be
 */
export function eventSplit({ control, treatment }: EventCounts, input: EventSplitInput): EventSplit {
  const { treatmentShare, alpha } = input;
  if (!(treatmentShare > 0 && treatmentShare < 1))
    throw new RangeError(`event split: the treatment's share must lie between 0 and 1, got ${treatmentShare}`);
  const arms = { successes: treatment, trials: control + treatment };
  assertTrials(arms);
  const concentration = mixtureConcentration(input);
  const against = logBernoulliMixture(arms, treatmentShare, concentration);
  const { lower, upper } = ratesBelow(arms, concentration, -Math.log(alpha));
  const odds = treatmentShare / (1 - treatmentShare);
  const liftOf = (share: number): number => share / (1 - share) / odds - 1;
  return {
    estimate: control + treatment === 0 ? 0 : liftOf(treatment / (control + treatment)),
    lower: liftOf(lower),
    upper: liftOf(upper),
    pValue: Math.min(1, Math.exp(-against)),
  };
}
