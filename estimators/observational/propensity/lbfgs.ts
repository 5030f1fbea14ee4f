import type { LogisticLikelihood } from './logistic-likelihood.ts';
import type { Maximum, Watch } from './newton.ts';
import { SeparationError } from './separation-error.ts';

const MEMORY = 12;
const MOST_PASSES = 2_000;

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly rho: number;
}

/**
 * Maximum by L-BFGS with backtracking (Liu & Nocedal 1989; Nocedal & Wright, Numerical Optimization, algorithm 7.4): only gradients, no matrix, for
 * hundreds of columns.
 */
export function maximizeByLbfgs(
  likelihood: LogisticLikelihood,
  { tolerance, names, isPenalized, signal, onProgress }: Watch & { readonly tolerance: number },
): Maximum {
  const { size, rowCount } = likelihood;
  let coefficients: Float64Array = new Float64Array(size);
  let gradient: Float64Array = new Float64Array(size);
  let value = likelihood.gradient(coefficients, gradient);
  const pairs: Pair[] = [];
  let passes = 1;
  while (passes < MOST_PASSES) {
    signal?.throwIfAborted();
    onProgress?.(passes / (passes + 20));
    if (largest(gradient) <= tolerance * rowCount) return { coefficients, value, passes };
    const direction = ascent(gradient, pairs, rowCount);
    const rise = dot(direction, gradient);
    let share = 1;
    let next: Float64Array = coefficients;
    let nextGradient: Float64Array = new Float64Array(size);
    let nextValue = -Infinity;
    for (; share > 1e-16; share /= 2) {
      next = coefficients.map((of, j) => of + share * direction[j]!);
      nextGradient = new Float64Array(size);
      nextValue = likelihood.gradient(next, nextGradient);
      passes += 1;
      if (nextValue >= value + 1e-4 * share * rise - 1e-12 * Math.abs(value)) break;
    }
    // Rounding allows no step any more: this is the maximum, to the digits that there are.
    if (share <= 1e-16) return { coefficients, value, passes };
    if (!isPenalized && nextValue > -1e-8 * rowCount) throw new SeparationError(worst(next, names));
    remember(pairs, coefficients, next, gradient, nextGradient);
    coefficients = next;
    gradient = nextGradient;
    value = nextValue;
  }
  throw new SeparationError(worst(coefficients, names));
}

function remember(
  pairs: Pair[],
  from: Float64Array,
  to: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): void {
  const step = to.map((of, j) => of - from[j]!);
  const change = gradient.map((of, j) => of - nextGradient[j]!);
  const curvature = dot(step, change);
  if (curvature <= 1e-14 * dot(step, step)) return;
  pairs.push({ step, change, rho: 1 / curvature });
  if (pairs.length > MEMORY) pairs.shift();
}

/** The two-loop recursion. */
function ascent(gradient: Float64Array, pairs: readonly Pair[], rowCount: number): Float64Array {
  const direction = Float64Array.from(gradient);
  const alphas: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i -= 1) {
    const { step, change, rho } = pairs[i]!;
    const alpha = rho * dot(step, direction);
    alphas[i] = alpha;
    for (let j = 0; j < direction.length; j += 1) direction[j]! -= alpha * change[j]!;
  }
  const last = pairs.at(-1);
  const scale = last === undefined ? 4 / rowCount : 1 / (last.rho * dot(last.change, last.change));
  for (let j = 0; j < direction.length; j += 1) direction[j]! *= scale;
  for (const [i, { step, change, rho }] of pairs.entries()) {
    const beta = rho * dot(change, direction);
    for (let j = 0; j < direction.length; j += 1) direction[j]! += (alphas[i]! - beta) * step[j]!;
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j += 1) sum += a[j]! * b[j]!;
  return sum;
}

function largest(values: Float64Array): number {
  return values.reduce((most, of) => Math.max(most, Math.abs(of)), 0);
}

function worst(coefficients: Float64Array, names: readonly string[]): string {
  let at = 1;
  for (let j = 2; j < coefficients.length; j += 1) if (Math.abs(coefficients[j]!) > Math.abs(coefficients[at]!)) at = j;
  return names[at - 1] ?? 'the intercept';
}
