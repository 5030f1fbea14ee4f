import type { Effect } from '../effect.ts';
import { crossingProbabilities } from './crossing.ts';
import type { TwoSidedDesign } from './group-sequential-power.ts';
import { assertInformation } from './information.ts';
import { rootOfGrowing } from './monotone-root.ts';

export interface StagewiseInput extends TwoSidedDesign {
  /** The effect at the look at which the experiment ended: the last of `informationFractions`. */
  readonly effect: Effect;
  /** Two-sided, of the interval. */
  readonly alpha: number;
}

export interface StagewiseInference {
  /** Median-unbiased: it is too large as often as too small, where the estimate at an early stop mostly is too large. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided, adjusted for the looks. */
  readonly pValue: number;
}

/**
 * What to report once a group-sequential experiment has ended: p-value, interval and median-unbiased estimate by the stage-wise ordering, in
 * which crossing earlier is more extreme. It needs no look that did not happen. Only for the end: while it goes on, repeated intervals hold.
 *
 * Sources: A. A. Tsiatis, G. L. Rosner, C. R. Mehta, "Exact confidence intervals following a group sequential test", Biometrics 40 (1984),
 * 797–803; Jennison & Turnbull (2000), sections 8.4 and 8.5.
 *
 * @throws RangeError for an effect that cannot be, an alpha outside (0, 1), or looks and boundaries that do not belong together
 */
export function stagewiseInference(input: StagewiseInput): StagewiseInference {
  const { effect, alpha, informationFractions } = input;
  const { estimate, standardError } = effect;
  assertInformation('stage-wise inference', informationFractions);
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`stage-wise inference: alpha must lie between 0 and 1, got ${alpha}`);
  if (!Number.isFinite(estimate) || !(standardError > 0) || !Number.isFinite(standardError))
    throw new RangeError(
      `stage-wise inference: needs a finite estimate and a standard error above 0, got ${estimate} and ${standardError}`,
    );
  const z = estimate / standardError;
  const unit = Math.sqrt(informationFractions.at(-1) ?? NaN) * standardError;
  const none = moreExtreme(input, z, 0);
  return {
    estimate: unit * driftWith(input, z, 0.5),
    lower: unit * driftWith(input, z, alpha / 2),
    upper: unit * driftWith(input, z, 1 - alpha / 2),
    pValue: Math.min(1, 2 * Math.min(none, moreExtreme(input, -z, 0))),
  };
}

/** Probability of a result that speaks for a larger effect at least as much as z at the last look does. */
function moreExtreme({ informationFractions, boundaries }: TwoSidedDesign, z: number, drift: number): number {
  const upper = [...boundaries.slice(0, -1), z];
  const lower = [...boundaries.slice(0, -1).map((c) => -c), z];
  const { above } = crossingProbabilities({ informationFractions, upper, lower, drift });
  return above.reduce((sum, probability) => sum + probability, 0);
}

/** The drift under which results at least as extreme have the given probability; it grows with the drift. */
function driftWith(design: TwoSidedDesign, z: number, probability: number): number {
  const centre = z / Math.sqrt(design.informationFractions.at(-1) ?? NaN);
  const bounds = { low: centre - 3, high: centre + 3 };
  return rootOfGrowing((drift) => moreExtreme(design, z, drift) - probability, bounds);
}
