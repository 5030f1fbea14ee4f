import type { Effect } from '../../effect.ts';
import { argsort } from '../argsort.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { gramsOf, linearModel, predictions } from '../outcome/linear-model.ts';
import { atomsOf, nearestAtoms, type MatchedSample, type Nearest } from './nearest-with-replacement.ts';
import type { MatchedPairs } from './nearest-without-replacement.ts';

/** The mean effect on the matched treated units. */
export interface MatchedEffect extends Effect {
  readonly treatedCount: number;
  readonly matchedCount: number;
  readonly usedControlCount: number;
  /** Kish's: the number of equally weighted controls that would tell as much. */
  readonly effectiveControlCount: number;
}

/** Nearest units of the same group from which the spread of the outcome at a score is read. */
const SAME_GROUP_NEIGHBOURS = 4;

/**
 * Mean difference between matched treated units and their controls, with the standard error of Abadie and Imbens for matching with replacement:
 * the spread of the differences, and what is added by controls that stand for several treated units, whose own spread is read from the controls
 * nearest to them. The score counts as known; that it was estimated makes the standard error a little too large or too small.
 *
 * Source: A. Abadie, G. W. Imbens, Econometrica 74 (2006), theorem 7 and equation 14.
 *
 * @throws RangeError for fewer than two matched treated units
 */
export function effectWithReplacement(
  score: Float64Array,
  treatment: Uint8Array,
  outcome: Float64Array,
  sample: MatchedSample,
): MatchedEffect {
  const estimate = meanDifference(treatment, outcome, sample);
  let squares = 0;
  for (let row = 0; row < score.length; row += 1)
    if (treatment[row] === 1 && sample.weights[row] === 1)
      squares += (outcome[row]! - sample.counterfactuals[row]! - estimate) ** 2;
  const variances = sameGroupVariances(score, treatment, outcome, sample);
  for (let row = 0; row < score.length; row += 1)
    if (treatment[row] === 0) squares += (sample.weights[row]! ** 2 - sample.squaredShares[row]!) * variances[row]!;
  return { estimate, standardError: Math.sqrt(squares) / sample.matchedCount, ...countsOf(treatment, sample) };
}

/**
 * The same for matching without replacement, where every pair is independent of every other: the standard error of the mean of the differences, which
 * is that of a regression clustered by pair (Abadie & Spiess, JASA 117 (2022)).
 */
export function effectOfPairs(treatment: Uint8Array, outcome: Float64Array, sample: MatchedPairs): MatchedEffect {
  const estimate = meanDifference(treatment, outcome, sample);
  let squares = 0;
  for (let row = 0; row < treatment.length; row += 1)
    if (treatment[row] === 1 && sample.weights[row] === 1)
      squares += (outcome[row]! - sample.counterfactuals[row]! - estimate) ** 2;
  const variance = squares / (sample.matchedCount - 1);
  return { estimate, standardError: Math.sqrt(variance / sample.matchedCount), ...countsOf(treatment, sample) };
}

/**
 * What the covariates explain of the outcome, by least squares over the matched controls with their weights, taken away from every unit: matched on
 * these residuals, the effect is free of what is left of the differences within matches.
 *
 * Source: A. Abadie, G. W. Imbens, "Bias-corrected matching estimators for average treatment effects", Journal of Business & Economic Statistics 29 (2011),
 * 1–11, equation 4.
 */
export function residualsOfControls(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  { weights }: Pick<MatchedSample, 'weights'>,
): Float64Array {
  const [gram] = gramsOf(covariates, outcome, scales, treatment, 1, weights);
  if (gram === undefined) throw new RangeError('matching: there are no controls');
  const fitted = predictions(covariates, linearModel(gram, scales));
  for (let row = 0; row < outcome.length; row += 1) fitted[row] = outcome[row]! - fitted[row]!;
  return fitted;
}

function meanDifference(treatment: Uint8Array, outcome: Float64Array, sample: MatchedSample): number {
  if (sample.matchedCount < 2)
    throw new RangeError(
      `matching: ${sample.matchedCount} of ${sample.treatedCount} treated units have a control near enough; at least 2 are needed. Widen the caliper`,
    );
  let sum = 0;
  for (let row = 0; row < treatment.length; row += 1)
    if (treatment[row] === 1 && sample.weights[row] === 1) sum += outcome[row]! - sample.counterfactuals[row]!;
  return sum / sample.matchedCount;
}

function countsOf(treatment: Uint8Array, { weights, treatedCount, matchedCount, usedControlCount }: MatchedSample) {
  let [sum, squares] = [0, 0];
  for (let row = 0; row < weights.length; row += 1) {
    if (treatment[row] === 1) continue;
    const weight = weights[row]!;
    sum += weight;
    squares += weight * weight;
  }
  return {
    treatedCount,
    matchedCount,
    usedControlCount,
    effectiveControlCount: squares > 0 ? (sum * sum) / squares : 0,
  };
}

/**
 * For each control that stands for somebody, the variance of the outcome among controls with its score: J/(J + 1) times the squared distance from
 * the mean of its J nearest fellows (equation 14).
 */
function sameGroupVariances(
  score: Float64Array,
  treatment: Uint8Array,
  outcome: Float64Array,
  { weights, sortedControls }: MatchedSample,
): Float64Array {
  const variances = new Float64Array(score.length);
  const atoms = atomsOf(score, outcome, sortedControls ?? argsort(score, controlsOf(treatment)));
  const nearest: Nearest = { first: 0, last: 0, members: 0 };
  for (let atom = 0; atom < atoms.count; atom += 1)
    for (let i = atoms.starts[atom]!; i < atoms.starts[atom + 1]!; i += 1) {
      const row = atoms.members[i]!;
      if (!(weights[row]! > 0)) continue;
      // One more, as the unit itself is among them.
      nearestAtoms(atoms, atoms.scores[atom]!, atom, SAME_GROUP_NEIGHBOURS + 1, nearest);
      const fellows = nearest.members - 1;
      if (fellows === 0) throw new RangeError('matching: a single control has no fellow to read its variance from');
      let sum = -outcome[row]!;
      for (let near = nearest.first; near <= nearest.last; near += 1) sum += atoms.outcomeSums[near]!;
      variances[row] = (fellows / (fellows + 1)) * (outcome[row]! - sum / fellows) ** 2;
    }
  return variances;
}

function controlsOf(treatment: Uint8Array): Uint32Array {
  let count = 0;
  for (let row = 0; row < treatment.length; row += 1) if (treatment[row] === 0) count += 1;
  const controls = new Uint32Array(count);
  let place = 0;
  for (let row = 0; row < treatment.length; row += 1) if (treatment[row] === 0) controls[place++] = row;
  return controls;
}
