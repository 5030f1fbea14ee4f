import type { Estimand } from '../../estimators/observational/columns.ts';
import type { Benchmark } from '../../estimators/observational/sensitivity/robustness-value.ts';
import type { Sensitivity } from '../checks/sensitivity.ts';
import type { MethodName } from '../methods/method.ts';
import type { AskedQuestion, EffectReading } from './report.ts';

/** The finding in a sentence, with what was counted in it. */
export function findingOf(asked: AskedQuestion, effect: EffectReading): string {
  const { treatment, outcome, outcomeUnit, estimand, alpha } = asked;
  const amount = (of: number): string => `${outcomeUnit === '' ? '' : `${outcomeUnit} `}${number(of)}`;
  const direction = effect.estimate < 0 ? 'less' : 'more';
  const sign = effect.estimate < 0 ? -1 : 1;
  const [low, high] = [sign * effect.lower, sign * effect.upper].toSorted((a, b) => a - b);
  const level = `${Number((100 * (1 - alpha)).toPrecision(4))} %`;
  const isClear = effect.lower > 0 || effect.upper < 0;
  const interval = `${level} interval ${amount(low ?? NaN)} to ${amount(high ?? NaN)}`;
  const doubt = isClear ? '' : ', so it is not shown that there is an effect';
  return `${WHOM[estimand](treatment)}: ${outcome} is ${amount(Math.abs(effect.estimate))} ${direction} than it would have been without it (${interval}${doubt}).`;
}

const WHOM: Readonly<Record<Estimand, (treatment: string) => string>> = {
  ATT: (treatment) => `For units with ${treatment}`,
  ATE: (treatment) => `If everybody had ${treatment}`,
  ATO: (treatment) => `For units that might as well have had ${treatment} as not`,
};

export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 1 : size >= 1 ? 2 : 4;
  return value.toLocaleString('en-GB', {
    minimumFractionDigits: size >= 1 ? digits : 0,
    maximumFractionDigits: digits,
  });
}

/** What has to hold for the answer to be right, in plain words. */
export function assumptionsOf(
  { covariates, treatment, outcome, estimand }: AskedQuestion,
  method: MethodName,
): string[] {
  const whom = { ATT: 'the treated', ATE: 'everybody', ATO: 'those in between' }[estimand];
  return [
    `Nothing but ${covariates.join(', ')} makes units with and without ${treatment} differ in ${outcome}. Data cannot prove that.`,
    `All of these were known before ${treatment}, and none of them is a consequence of it.`,
    `Whether one unit has ${treatment} does not change the ${outcome} of another.`,
    `There are units of both groups with every combination of covariates that matters; the answer is about ${whom} for whom there are.`,
    METHOD_ASSUMPTIONS[method],
  ];
}

const METHOD_ASSUMPTIONS: Readonly<Record<MethodName, string>> = {
  psm: 'The propensity is right up to its order: units with like scores are alike.',
  ipw: 'The propensities are right: a logistic regression on the covariates describes who was treated.',
  aipw: 'Either the propensities or the predictions of the outcome are right.',
  regression: 'The outcome is linear in the covariates.',
  cem: 'Units in the same cell are alike enough.',
  'entropy-balancing':
    'Groups with equal means of all covariates are alike; the outcome or the log-odds are about linear in them.',
  subclassification: 'Within a class of like propensity units are alike enough.',
};

/** What would have to be true for the answer to be wrong. */
export function overturnedBy({ eValue, criticalGamma, robustness }: Sensitivity): string[] {
  const sentences: string[] = [];
  if (eValue !== null)
    sentences.push(
      `Something nobody measured would have to raise the risk of treatment and of the outcome by a factor of ${eValue.ofEstimate.toFixed(2)} each to explain the estimate away, and by ${eValue.ofInterval.toFixed(2)} to make the interval hold no effect (E-value).`,
    );
  if (robustness !== null)
    sentences.push(
      `By linear regression it would have to explain ${percent(robustness.value)} of what is left of both treatment and outcome to bring the estimate to 0 (robustness value), ${percent(robustness.valueForSignificance)} to make it insignificant.`,
    );
  const [strongest] = robustness?.benchmarks ?? [];
  if (robustness !== null && strongest !== undefined) sentences.push(besideCovariate(strongest, robustness.estimate));
  if (criticalGamma !== null)
    sentences.push(
      criticalGamma <= 1
        ? 'Among matched pairs the signed-rank test shows no effect even without hidden differences (Rosenbaum).'
        : `Among matched pairs the effect stays significant until one of two alike units is ${criticalGamma.toFixed(2)} times as likely to be treated as the other (Rosenbaum's gamma).`,
    );
  return sentences;
}

function besideCovariate({ covariate, likeIt, overturningMultiple }: Benchmark, estimate: number): string {
  if (likeIt === null)
    return `${covariate} decides half or more of what the other covariates leave of the treatment; a hidden confounder ${(overturningMultiple ?? 1).toFixed(2)} times as strong would bring the estimate to 0.`;
  const times =
    overturningMultiple === null
      ? 'None like it, however strong, would bring it to 0.'
      : `It would have to be ${overturningMultiple.toFixed(2)} times as strong to bring it to 0.`;
  return `One as strong as ${covariate}, the strongest that was measured, explains ${percent(likeIt.withTreatment)} of the treatment and ${percent(likeIt.withOutcome)} of the outcome; it would leave ${number(likeIt.adjustedEstimate)} of the regression's ${number(estimate)}. ${times}`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
