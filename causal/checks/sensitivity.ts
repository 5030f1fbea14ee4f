import { normalQuantile } from '../../estimators/normal.ts';
import { nearestWithoutReplacement } from '../../estimators/observational/matching/nearest-without-replacement.ts';
import {
  eValueOfDifference,
  eValueOfRiskRatio,
  type EValue,
} from '../../estimators/observational/sensitivity/e-value.ts';
import { robustnessValue, type Robustness } from '../../estimators/observational/sensitivity/robustness-value.ts';
import { criticalGamma, criticalGammaOfMcNemar } from '../../estimators/observational/sensitivity/rosenbaum.ts';
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
  const { covariates, scales, groups, treatment, outcome } = study;
  const robustness = attempt(() => robustnessValue(covariates, scales, treatment, outcome, alpha, groups));
  return {
    eValue: eValueOf(study, estimate, alpha),
    criticalGamma: gammaOf(study, logit, estimate, alpha),
    robustness: robustness instanceof Refusal ? null : robustness,
  };
}

function eValueOf(
  { outcome, treatment }: Study,
  { estimate, standardError, weights }: MethodEstimate,
  alpha: number,
): EValue | null {
  const isBinary = outcome.every((of) => of === 0 || of === 1);
  const spread = standardDeviation(outcome);
  const ofDifference = (): EValue | null =>
    spread > 0 ? eValueOfDifference({ estimate, standardError }, spread, alpha) : null;
  if (!isBinary) return ofDifference();
  // The risk among those who were treated, had they not been: what the estimate leaves of theirs.
  const control = meanOf(outcome, treatment, 1, weights) - estimate;
  const wide = normalQuantile(alpha / 2) * standardError;
  // A risk ratio needs risks above 0 all along the interval.
  if (!(control > 0 && control + estimate - wide > 0)) return ofDifference();
  const ratio = (of: number): number => (control + of) / control;
  return eValueOfRiskRatio({
    estimate: ratio(estimate),
    lower: ratio(estimate - wide),
    upper: ratio(estimate + wide),
  });
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
  const isBinary = differences.every((of) => of === 0 || of === 1 || of === -1);
  if (!isBinary) return criticalGamma(Float64Array.from(differences), alpha / 2);
  const discordant = differences.filter((of) => of !== 0);
  return criticalGammaOfMcNemar(discordant.length, discordant.filter((of) => of > 0).length, alpha / 2);
}
