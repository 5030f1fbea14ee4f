import type { Effect } from '../../effect.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { crossed, projected } from '../weighting/inverse-probability.ts';
import { gramsOf, linearModel, predictions, type LinearModel } from './linear-model.ts';

/**
 * Regression adjustment: least squares of the outcome in each group, and the mean of what it predicts for those who are asked about. ATT: the treated
 * against what the controls' regression predicts for them; ATE: both predictions over everybody (Lin's estimator, the fully interacted
 * regression). Robust standard errors that allow for the regression's own error and for the spread of effects; exact where outcomes are linear.
 *
 * Source: W. Lin, Annals of Applied Statistics 7 (2013), 295–318; J. M. Wooldridge, Econometric Analysis of Cross Section and Panel Data (2010), section
 * 21.3.1 (M-estimation).
 *
 * @throws RangeError for a group with no more units than columns
 */
export function regressionAdjustedEffect(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  estimand: 'ATT' | 'ATE',
): Effect {
  const [control, treated] = gramsOf(covariates, outcome, scales, treatment, 2);
  if (control === undefined || treated === undefined) throw new RangeError('regression adjustment: there are no rows');
  const least = covariates.columns.length + 2;
  for (const [gram, name] of [
    [control, 'control'],
    [treated, 'treated'],
  ] as const)
    if (gram.total < least && (estimand === 'ATE' || gram === control))
      throw new RangeError(
        `regression adjustment: ${gram.total} ${name} units for ${covariates.columns.length} columns; at least ${least} are needed`,
      );
  const ofControls = linearModel(control, scales);
  const asked = estimand === 'ATT' ? treatment : new Uint8Array(treatment.length).fill(1);
  const without = predictions(covariates, ofControls);
  if (estimand === 'ATT') return attEffect({ covariates, scales, treatment, outcome, asked }, ofControls, without);
  const ofTreated = linearModel(treated, scales);
  return ateEffect(
    { covariates, scales, treatment, outcome, asked },
    [ofControls, ofTreated],
    [without, predictions(covariates, ofTreated)],
  );
}

interface Asked {
  readonly covariates: Columns;
  readonly scales: ColumnScales;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
  /** 1 for those over whom the effect is averaged. */
  readonly asked: Uint8Array;
}

function attEffect(all: Asked, ofControls: LinearModel, without: Float64Array): Effect {
  const { treatment, outcome } = all;
  const rowCount = outcome.length;
  let [sum, count] = [0, 0];
  for (let row = 0; row < rowCount; row += 1)
    if (treatment[row] === 1) {
      sum += outcome[row]! - without[row]!;
      count += 1;
    }
  const estimate = sum / count;
  const error = predictionError(all, ofControls, count, (row) =>
    treatment[row] === 0 ? outcome[row]! - without[row]! : 0,
  );
  let squares = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const own = treatment[row] === 1 ? (outcome[row]! - without[row]! - estimate) / count : 0;
    squares += (own - error[row]!) ** 2;
  }
  return { estimate, standardError: Math.sqrt(squares) };
}

function ateEffect(
  all: Asked,
  [ofControls, ofTreated]: readonly [LinearModel, LinearModel],
  [without, withIt]: readonly [Float64Array, Float64Array],
): Effect {
  const { treatment, outcome } = all;
  const rowCount = outcome.length;
  let sum = 0;
  for (let row = 0; row < rowCount; row += 1) sum += withIt[row]! - without[row]!;
  const estimate = sum / rowCount;
  const residual = (row: number): number => outcome[row]! - (treatment[row] === 1 ? withIt[row]! : without[row]!);
  const ofControl = predictionError(all, ofControls, rowCount, (row) => (treatment[row] === 0 ? residual(row) : 0));
  const ofTreatment = predictionError(all, ofTreated, rowCount, (row) => (treatment[row] === 1 ? residual(row) : 0));
  let squares = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const own = (withIt[row]! - without[row]! - estimate) / rowCount;
    squares += (own + ofTreatment[row]! - ofControl[row]!) ** 2;
  }
  return { estimate, standardError: Math.sqrt(squares) };
}

/** What each row adds to the error of the mean prediction over those asked about: x̄' (X'X)⁻¹ x r. */
function predictionError(
  { covariates, scales, asked }: Asked,
  { factored }: LinearModel,
  count: number,
  residual: (row: number) => number,
): Float64Array {
  const shares = new Float64Array(asked.length);
  for (let row = 0; row < asked.length; row += 1) shares[row] = asked[row]! / count;
  return projected(covariates, scales, factored.solve(crossed(covariates, scales, shares)), residual);
}
