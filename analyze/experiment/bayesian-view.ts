import { bayesianReading } from '../../estimators/reading/bayesian.ts';
import type { GoodDirection } from './metric-expression.ts';
import type { AbsoluteEffect, BayesianView } from './result.ts';

/** The posterior of an effect with no belief beforehand, by the direction that is good. */
export function bayesianView(
  { estimate, standardError }: AbsoluteEffect,
  good: GoodDirection,
  alpha: number,
): BayesianView {
  const towardsGood = good === 'increase' ? estimate : -estimate;
  const reading = bayesianReading({ estimate: towardsGood, standardError }, alpha);
  return {
    chanceToBeatControl: reading.chanceAboveZero,
    expectedLoss: reading.lossOfTreatment,
    expectedLossOfControl: reading.lossOfControl,
  };
}
