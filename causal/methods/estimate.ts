import type { Effect } from '../../estimators/effect.ts';
import { aipwEffect } from '../../estimators/observational/doubly-robust/aipw.ts';
import { boostedNuisances } from '../../estimators/observational/doubly-robust/boosted-nuisances.ts';
import { drawnFolds } from '../../estimators/observational/doubly-robust/folds.ts';
import { linearNuisances } from '../../estimators/observational/doubly-robust/nuisances.ts';
import { coarsenedStrata } from '../../estimators/observational/matching/coarsened-strata.ts';
import { residualsOfControls } from '../../estimators/observational/matching/matched-effect.ts';
import { stratifiedEffect } from '../../estimators/observational/matching/stratified-effect.ts';
import { propensitySubclasses } from '../../estimators/observational/matching/subclasses.ts';
import { regressionAdjustedEffect } from '../../estimators/observational/outcome/regression-adjustment.ts';
import { entropyBalancedEffect } from '../../estimators/observational/weighting/entropy-balancing.ts';
import { inverseProbabilityEffect, weightsOf } from '../../estimators/observational/weighting/inverse-probability.ts';
import { Refusal } from '../refusal.ts';
import type { Study } from '../study/study.ts';
import { matchedEstimate } from './matching.ts';
import { ESTIMANDS, type MethodEstimate, type MethodName, type MethodOptions } from './method.ts';
import type { Propensity } from './propensity.ts';

const FOLDS = 5;
/** A little more than none: columns that are nearly combinations of others do no harm. */
const NUISANCE_RIDGE = 1e-3;
const SUBCLASSES = 20;
const UNITS_PER_SUBCLASS = 20;

/**
 * The effect by one method.
 *
 * @throws Refusal where the method cannot give this estimand, or what it needs is not there
 */
export function estimateBy(
  method: MethodName,
  study: Study,
  propensity: Propensity,
  options: MethodOptions,
): MethodEstimate {
  const possible = ESTIMANDS[method];
  if (!possible.includes(options.estimand))
    throw new Refusal(
      'estimand',
      `${method} gives the ${possible.join(' or the ')}, not the ${options.estimand}; ask for that, or for another method`,
    );
  try {
    return ESTIMATORS[method](study, propensity, options);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('method', `${method}: ${error.message}`, { cause: error });
    throw error;
  }
}

type Estimator = (study: Study, propensity: Propensity, options: MethodOptions) => MethodEstimate;

const ESTIMATORS: Readonly<Record<MethodName, Estimator>> = {
  psm: matchedEstimate,
  ipw: weighted,
  aipw: doublyRobust,
  regression: regressed,
  cem: (study, _, { estimand }) =>
    stratified('cem', study, coarsenedStrata(study.covariates), estimand === 'ATE' ? 'ATE' : 'ATT'),
  'entropy-balancing': balanced,
  subclassification: (study, { probability }, options) => {
    const estimand = options.estimand === 'ATE' ? 'ATE' : 'ATT';
    const asked = estimand === 'ATE' ? study.outcome.length : study.treatedCount;
    const count = Math.max(2, Math.min(SUBCLASSES, Math.floor(asked / UNITS_PER_SUBCLASS)));
    const strata = propensitySubclasses(probability, study.treatment, count, estimand);
    return stratified('subclassification', study, strata, estimand);
  },
};

function weighted(
  { covariates, scales, treatment, outcome }: Study,
  { probability }: Propensity,
  options: MethodOptions,
) {
  const found = inverseProbabilityEffect(covariates, scales, treatment, outcome, probability, options.estimand);
  return described('ipw', found, treatment, found.weights, options);
}

function doublyRobust(study: Study, _: Propensity, options: MethodOptions): MethodEstimate {
  const { covariates, treatment, outcome } = study;
  const folds = drawnFolds(treatment, FOLDS, options.seed);
  const nuisances =
    options.nuisances === 'linear'
      ? linearNuisances(study, folds, FOLDS, NUISANCE_RIDGE)
      : boostedNuisances(covariates, treatment, outcome, folds, FOLDS);
  const estimand = options.estimand === 'ATE' ? 'ATE' : 'ATT';
  const found = aipwEffect(treatment, outcome, nuisances, estimand);
  const bounded = nuisances.propensity.map((e) => Math.min(0.99, Math.max(estimand === 'ATE' ? 0.01 : 0, e)));
  return described('aipw', found, treatment, weightsOf(treatment, bounded, estimand), options);
}

function regressed(study: Study, _: Propensity, options: MethodOptions): MethodEstimate {
  const { covariates, scales, treatment, outcome, treatedCount, controlCount } = study;
  const estimand = options.estimand === 'ATE' ? 'ATE' : 'ATT';
  const found = regressionAdjustedEffect(covariates, scales, treatment, outcome, estimand);
  return {
    method: 'regression',
    estimand,
    ...found,
    treatedCount,
    leftOutTreatedCount: 0,
    controlCount,
    effectiveControlCount: controlCount,
    largestShare: 1 / controlCount,
    weights: null,
    plain: null,
  };
}

function balanced({ covariates, scales, treatment, outcome }: Study, _: Propensity, options: MethodOptions) {
  const found = entropyBalancedEffect(covariates, scales, treatment, outcome);
  return described('entropy-balancing', found, treatment, found.weights, options);
}

/** What differs within strata is taken away by a regression among the controls where the strata are of the propensity, as in matching. */
function stratified(
  method: 'cem' | 'subclassification',
  { covariates, scales, treatment, outcome }: Study,
  strata: Int32Array,
  estimand: 'ATT' | 'ATE',
): MethodEstimate {
  const plain = stratifiedEffect(strata, treatment, outcome, estimand);
  const { weights, leftOutTreatedCount } = plain;
  if (method === 'cem' || estimand === 'ATE')
    return { ...described(method, plain, treatment, weights, { estimand }), leftOutTreatedCount };
  const residuals = residualsOfControls(covariates, scales, treatment, outcome, plain);
  const found = stratifiedEffect(strata, treatment, residuals, estimand);
  const { estimate, standardError } = plain;
  return {
    ...described(method, found, treatment, weights, { estimand }),
    leftOutTreatedCount,
    plain: { estimate, standardError },
  };
}

/** What the weights say of how many units the estimate rests on. */
export function described(
  method: MethodName,
  { estimate, standardError }: Effect,
  treatment: Uint8Array,
  weights: Float64Array,
  { estimand }: Pick<MethodOptions, 'estimand'>,
): MethodEstimate {
  let [treatedCount, leftOutTreatedCount, controlCount, sum, squares, largest] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < treatment.length; row += 1) {
    const weight = weights[row]!;
    if (treatment[row] === 1) {
      if (weight > 0) treatedCount += 1;
      else leftOutTreatedCount += 1;
      continue;
    }
    if (weight > 0) controlCount += 1;
    sum += weight;
    squares += weight * weight;
    largest = Math.max(largest, weight);
  }
  return {
    method,
    estimand,
    estimate,
    standardError,
    treatedCount,
    leftOutTreatedCount,
    controlCount,
    effectiveControlCount: squares > 0 ? (sum * sum) / squares : 0,
    largestShare: sum > 0 ? largest / sum : 1,
    weights,
    plain: null,
  };
}
