/**
 * Solves A x = b for a symmetric positive definite matrix, given by its lower triangle row by row; `matrix` is overwritten by its factor.
 *
 * @returns null, and nothing solved, where a pivot says that the row depends on those before it; `dependent` then is its place
 */
export interface Factored {
  /** The first row that is a combination of those before it; null where none is. */
  readonly dependent: number | null;
  solve(right: Float64Array): Float64Array;
}

/** A pivot below this share of its diagonal is what rounding leaves of 0. */
const DEPENDENT = 1e-11;

/** Cholesky factorization in place (Golub & Van Loan, Matrix Computations, section 4.2). */
export function cholesky(matrix: Float64Array, size: number): Factored {
  for (let j = 0; j < size; j += 1) {
    const diagonal = matrix[j * size + j]!;
    let pivot = diagonal;
    for (let k = 0; k < j; k += 1) pivot -= matrix[j * size + k]! ** 2;
    if (!(pivot > DEPENDENT * diagonal)) return { dependent: j, solve: refuse };
    const root = Math.sqrt(pivot);
    matrix[j * size + j] = root;
    for (let i = j + 1; i < size; i += 1) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k += 1) sum -= matrix[i * size + k]! * matrix[j * size + k]!;
      matrix[i * size + j] = sum / root;
    }
  }
  return { dependent: null, solve: (right) => substituted(matrix, size, right) };
}

function refuse(): never {
  throw new RangeError('a matrix whose rows depend on each other cannot be solved for');
}

function substituted(factor: Float64Array, size: number, right: Float64Array): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < size; i += 1) {
    for (let k = 0; k < i; k += 1) x[i]! -= factor[i * size + k]! * x[k]!;
    x[i]! /= factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < size; k += 1) x[i]! -= factor[k * size + i]! * x[k]!;
    x[i]! /= factor[i * size + i]!;
  }
  return x;
}

/** The inverse of what was factored, in full. */
export function inverseOf({ solve }: Factored, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let j = 0; j < size; j += 1) {
    const unit = new Float64Array(size);
    unit[j] = 1;
    inverse.set(solve(unit), j * size);
  }
  return inverse;
}
