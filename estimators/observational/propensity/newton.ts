import { cholesky, type Factored } from '../cholesky.ts';
import type { LogisticLikelihood } from './logistic-likelihood.ts';
import { SeparationError } from './separation-error.ts';

const MOST_PASSES = 100;
/** The last step is shorter than this; what is left of it after a step of Newton's is nothing. */
export const TOLERANCE = 1e-8;
/** So many steps in a row that stay as long but win nothing: the likelihood has no maximum, as it grows for ever towards infinite slopes. */
const STALLED_STEPS = 3;
const NO_GAIN = 1e-9;

export interface Watch {
  readonly names: readonly string[];
  readonly isPenalized: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface Maximum {
  readonly coefficients: Float64Array;
  readonly value: number;
  readonly passes: number;
}

/** Newton's method from a start, see `logisticRegression`. */
export function maximizeByNewton(likelihood: LogisticLikelihood, start: Float64Array, watch: Watch): Maximum {
  const { size } = likelihood;
  let coefficients = start;
  let gradient = new Float64Array(size);
  const information = new Float64Array(size * size);
  let value = likelihood.information(coefficients, gradient, information);
  let factored = factoredOf(information, size, watch);
  let before = Infinity;
  let stalled = 0;
  let passes = 1;
  for (; passes < MOST_PASSES; passes += 1) {
    watch.signal?.throwIfAborted();
    const step = factored.solve(gradient);
    const length = largest(step);
    watch.onProgress?.(passes / (passes + 2));
    if (length <= TOLERANCE * (1 + largest(coefficients)))
      return { coefficients: moved(coefficients, step, 1), value, passes };
    const next = new Float64Array(size);
    const found = uphill(likelihood, coefficients, step, value, next, watch);
    passes += found.extraPasses;
    const isStalled = found.value - value <= NO_GAIN * Math.abs(value) + NO_GAIN && length > 0.5 * before;
    stalled = isStalled && !watch.isPenalized ? stalled + 1 : 0;
    const isPerfect = found.value > -1e-8 * likelihood.rowCount;
    if ((stalled >= STALLED_STEPS || isPerfect) && !watch.isPenalized)
      throw separation(found.coefficients, watch.names);
    ({ coefficients, value } = found);
    gradient = next;
    // The matrix of an earlier pass is good for as long as every step is a small part of the one before.
    if (length > 0.05 * before) {
      value = likelihood.information(coefficients, gradient, information);
      passes += 1;
      factored = factoredLater(information, size, watch, coefficients);
    }
    before = length;
  }
  throw separation(coefficients, watch.names);
}

/** A step that does not lower the likelihood: whole where it can be, else halved. */
function uphill(
  likelihood: LogisticLikelihood,
  from: Float64Array,
  step: Float64Array,
  before: number,
  gradient: Float64Array,
  { names }: Watch,
) {
  let share = 1;
  for (let halvings = 0; halvings < 40; halvings += 1) {
    const coefficients = moved(from, step, share);
    const value = likelihood.gradient(coefficients, gradient);
    if (value >= before - 1e-10 * Math.abs(before)) return { coefficients, value, extraPasses: halvings };
    share /= 2;
  }
  throw separation(from, names);
}

/** A matrix that could be factored at the start and cannot later has lost its weights: every unit's group is certain. */
function factoredLater(information: Float64Array, size: number, watch: Watch, coefficients: Float64Array): Factored {
  const factored = cholesky(Float64Array.from(information), size);
  if (factored.dependent === null) return factored;
  throw separation(coefficients, watch.names);
}

function factoredOf(information: Float64Array, size: number, { names }: Watch): Factored {
  const factored = cholesky(Float64Array.from(information), size);
  if (factored.dependent === null) return factored;
  const name = names[factored.dependent - 1] ?? 'the intercept';
  throw new RangeError(
    `logistic regression: column "${name}" is constant or a combination of the columns before it; leave it out, or use a ridge`,
  );
}

function separation(coefficients: Float64Array, names: readonly string[]): SeparationError {
  let worst = 1;
  for (let j = 2; j < coefficients.length; j += 1)
    if (Math.abs(coefficients[j]!) > Math.abs(coefficients[worst]!)) worst = j;
  return new SeparationError(names[worst - 1] ?? 'the intercept');
}

function moved(from: Float64Array, step: Float64Array, share: number): Float64Array {
  return from.map((of, j) => of + share * step[j]!);
}

function largest(values: Float64Array, from = 0): number {
  let most = 0;
  for (let j = from; j < values.length; j += 1) most = Math.max(most, Math.abs(values[j]!));
  return most;
}
