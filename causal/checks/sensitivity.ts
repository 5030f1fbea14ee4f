import { nearestWithoutReplacement } from '../../estimators/observational/matching/nearest-without-replacement.ts';
import {
  eValueOfDifference,
  eValueOfRiskRatio,
  type EValue,
} from '../../estimators/observational/sensitivity/e-value.ts';
import { robustnessValue, type Robustness } from '../../estimators/observational/sensitivity/robustness-value.ts';
import { criticalGamma } from '../../estimators/observational/sensitivity/rosenbaum.ts';
import { standardDeviation } from '../methods/matching.ts';
import type { MethodEstimate } from '../methods/method.ts';
import type { Propensity } from '../methods/propensity.ts';
import type { Study } from '../study/study.ts';
import { attempt } from './refute.ts';
import { Refusal } from '../refusal.ts';

/** How strong what nobody measured would have to be. */
export interface Sensitivity {
  readonly eValue: EValue | null;
  /** Rosenbaum's Γ up to which 1:1 matched pairs still show the effect, one-sided at alpha / 2; null where there are no pairs. */
  readonly criticalGamma: number | null;
  /** null where there are too few units for a regression. */
  readonly robustness: Robustness | null;
}

export function sensitivityOf(
  study: Study,
  { logit }: Propensity,
  estimate: MethodEstimate,
  alpha: number,
): Sensitivity {
  const { covariates, scales, treatment, outcome } = study;
  const robustness = attempt(() => robustnessValue(covariates, scales, treatment, outcome, alpha));
  return {
    eValue: eValueOf(study, estimate),
    criticalGamma: gammaOf(study, logit, estimate, alpha),
    robustness: robustness instanceof Refusal ? null : robustness,
  };
}

function eValueOf({ outcome, treatment }: Study, { estimate, standardError, weights }: MethodEstimate): EValue | null {
  const isBinary = outcome.every((of) => of === 0 || of === 1);
  const spread = standardDeviation(outcome);
  if (!isBinary) return spread > 0 ? eValueOfDifference({ estimate, standardError }, spread) : null;
  const control = meanOf(outcome, treatment, 0, weights);
  const lowest = estimate - 1.96 * standardError;
  const highest = estimate + 1.96 * standardError;
  // A risk ratio needs risks above 0 all along the interval.
  if (!(control > 0 && control + lowest > 0))
    return spread > 0 ? eValueOfDifference({ estimate, standardError }, spread) : null;
  const ratio = (of: number): number => (control + of) / control;
  return eValueOfRiskRatio({ estimate: ratio(estimate), lower: ratio(lowest), upper: ratio(highest) });
}

function meanOf(outcome: Float64Array, treatment: Uint8Array, group: 0 | 1, weights: Float64Array | null): number {
  let [sum, total] = [0, 0];
  for (let row = 0; row < outcome.length; row += 1)
    if (treatment[row] === group) {
      const weight = weights === null ? 1 : weights[row]!;
      sum += weight * outcome[row]!;
      total += weight;
    }
  return sum / total;
}

function gammaOf(
  { treatment, outcome }: Study,
  logit: Float64Array,
  { estimate }: MethodEstimate,
  alpha: number,
): number | null {
  const caliper = 0.2 * standardDeviation(logit);
  const { counterfactuals, weights } = nearestWithoutReplacement(logit, treatment, outcome, { caliper });
  const differences: number[] = [];
  for (let row = 0; row < treatment.length; row += 1)
    if (treatment[row] === 1 && weights[row] === 1)
      differences.push((outcome[row]! - counterfactuals[row]!) * (estimate < 0 ? -1 : 1));
  if (differences.length < 10 || differences.every((of) => of === 0)) return null;
  return criticalGamma(Float64Array.from(differences), alpha / 2);
}
