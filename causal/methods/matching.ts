import {
  effectOfPairs,
  effectWithReplacement,
  residualsOfControls,
} from '../../estimators/observational/matching/matched-effect.ts';
import { nearestWithReplacement } from '../../estimators/observational/matching/nearest-with-replacement.ts';
import { nearestWithoutReplacement } from '../../estimators/observational/matching/nearest-without-replacement.ts';
import type { Study } from '../study/study.ts';
import { described } from './estimate.ts';
import type { MethodEstimate, MethodOptions } from './method.ts';
import type { Propensity } from './propensity.ts';

/**
 * Propensity score matching on the logit, with a caliper; what is left of differences within matches is taken away by a regression among the matched
 * controls (bias correction). The plain difference is beside it.
 */
export function matchedEstimate(
  { covariates, scales, treatment, outcome }: Study,
  { logit }: Propensity,
  options: MethodOptions,
): MethodEstimate {
  const { neighbours, caliper, withReplacement } = options;
  const limit = caliper === null ? {} : { caliper: caliper * standardDeviation(logit) };
  if (withReplacement) {
    const match = (of: Float64Array) => nearestWithReplacement(logit, treatment, of, { neighbours, ...limit });
    const sample = match(outcome);
    const plain = effectWithReplacement(logit, treatment, outcome, sample);
    const residuals = residualsOfControls(covariates, scales, treatment, outcome, sample);
    const corrected = effectWithReplacement(logit, treatment, residuals, match(residuals));
    return { ...described('psm', corrected, treatment, sample.weights, options), plain: effectOf(plain) };
  }
  const match = (of: Float64Array) => nearestWithoutReplacement(logit, treatment, of, { neighbours, ...limit });
  const sample = match(outcome);
  const plain = effectOfPairs(treatment, outcome, sample);
  const residuals = residualsOfControls(covariates, scales, treatment, outcome, sample);
  const corrected = effectOfPairs(treatment, residuals, match(residuals));
  return { ...described('psm', corrected, treatment, sample.weights, options), plain: effectOf(plain) };
}

function effectOf({ estimate, standardError }: { readonly estimate: number; readonly standardError: number }) {
  return { estimate, standardError };
}

export function standardDeviation(values: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (let row = 0; row < values.length; row += 1) sum += values[row]!;
  const mean = sum / values.length;
  for (let row = 0; row < values.length; row += 1) squares += (values[row]! - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
