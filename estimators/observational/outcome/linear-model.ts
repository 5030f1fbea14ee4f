import { cholesky, type Factored } from '../cholesky.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';

const BLOCK = 512;

/** Cross products of (1, standardized columns, outcome), the lower triangle row by row, of one group of rows. */
export interface Gram {
  /** Rows of the group, or the sum of their weights. */
  readonly total: number;
  /** Columns and the intercept and the outcome. */
  readonly size: number;
  readonly products: Float64Array;
}

/**
 * Cross products for each group of rows, in one pass over the columns: rows of a group are gathered into blocks, and whole blocks are multiplied.
 *
 * @param groups for each row the group, from 0 on; `groupCount` and above: left out
 * @param weights for each row; default 1
 */
export function gramsOf(
  { columns, rowCount }: Columns,
  outcome: Float64Array,
  scales: ColumnScales,
  groups: Uint8Array,
  groupCount: number,
  weights?: Float64Array,
): readonly Gram[] {
  const width = columns.length;
  const size = width + 2;
  const blocks = Array.from({ length: groupCount }, () => ({
    count: 0,
    total: 0,
    // Column by column, as they are multiplied; the last two are the outcome and the weight.
    values: new Float64Array((width + 2) * BLOCK),
    products: new Float64Array(size * size),
  }));
  for (let start = 0; start < rowCount; start += BLOCK) {
    const end = Math.min(rowCount, start + BLOCK);
    for (let row = start; row < end; row += 1) {
      const block = blocks[groups[row]!];
      if (block === undefined) continue;
      const weight = weights === undefined ? 1 : weights[row]!;
      if (weight === 0) continue;
      const { values, count } = block;
      for (let j = 0; j < width; j += 1) values[j * BLOCK + count] = columns[j]![row]!;
      values[width * BLOCK + count] = outcome[row]!;
      values[(width + 1) * BLOCK + count] = weight;
      block.count += 1;
      block.total += weight;
      if (block.count === BLOCK) flush(block, width, scales);
    }
  }
  return blocks.map((block) => {
    flush(block, width, scales);
    return { total: block.total, size, products: block.products };
  });
}

interface Block {
  count: number;
  readonly values: Float64Array;
  readonly products: Float64Array;
}

function flush(block: Block, width: number, { means, deviations }: ColumnScales): void {
  const { values, products, count } = block;
  const size = width + 2;
  const weights = (width + 1) * BLOCK;
  for (let j = 0; j < width; j += 1) {
    const [mean, scale] = [means[j]!, 1 / deviations[j]!];
    for (let i = j * BLOCK; i < j * BLOCK + count; i += 1) values[i] = (values[i]! - mean) * scale;
  }
  const weighted = new Float64Array(count);
  for (let j = 0; j < size; j += 1) {
    const at = (j - 1) * BLOCK;
    for (let i = 0; i < count; i += 1) weighted[i] = values[weights + i]! * (j === 0 ? 1 : values[at + i]!);
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += weighted[i]!;
    products[j * size]! += sum;
    for (let k = 1; k <= j; k += 1) {
      const other = (k - 1) * BLOCK;
      let product = 0;
      for (let i = 0; i < count; i += 1) product += weighted[i]! * values[other + i]!;
      products[j * size + k]! += product;
    }
  }
  block.count = 0;
}

/** The products of several groups together. */
export function sumOfGrams(grams: readonly Gram[]): Gram {
  const [first] = grams;
  if (first === undefined) throw new RangeError('cross products: there is no group');
  const products = new Float64Array(first.products.length);
  for (const gram of grams) for (let i = 0; i < products.length; i += 1) products[i]! += gram.products[i]!;
  return { total: grams.reduce((sum, { total }) => sum + total, 0), size: first.size, products };
}

/** A linear prediction of the outcome: intercept and slopes of the columns as they are. */
export interface LinearModel {
  readonly intercept: number;
  readonly slopes: Float64Array;
  /** Solves (X'X + λ) z = x for (1, standardized columns); what standard errors need. */
  readonly factored: Factored;
  /** Columns that are constant or a combination of those before them: their slope is 0. */
  readonly dropped: readonly number[];
}

/**
 * Least squares, or ridge regression, out of cross products. A column that is a combination of those before it gets no slope, as in R.
 *
 * @param ridge penalty λ of λ Σ b² over coefficients of standardized columns, without the intercept
 * @throws RangeError where there are no rows
 */
export function linearModel(gram: Gram, { means, deviations }: ColumnScales, ridge = 0): LinearModel {
  if (!(gram.total > 0)) throw new RangeError('least squares: there are no rows');
  const width = gram.size - 2;
  const kept = Array.from({ length: width + 1 }, (_, j) => j);
  const dropped: number[] = [];
  for (;;) {
    const matrix = submatrix(gram, kept, ridge);
    const factored = cholesky(matrix, kept.length);
    if (factored.dependent !== null) {
      const [column] = kept.splice(factored.dependent, 1);
      dropped.push((column ?? 0) - 1);
      continue;
    }
    const right = Float64Array.from(kept, (j) => gram.products[(width + 1) * gram.size + j]!);
    const solution = factored.solve(right);
    const slopes = new Float64Array(width);
    let intercept = solution[0]!;
    for (let place = 1; place < kept.length; place += 1) {
      const column = kept[place]! - 1;
      const slope = solution[place]! / deviations[column]!;
      slopes[column] = slope;
      intercept -= slope * means[column]!;
    }
    return { intercept, slopes, factored: widened(factored, kept, width + 1), dropped };
  }
}

function submatrix({ products, size }: Gram, kept: readonly number[], ridge: number): Float64Array {
  const count = kept.length;
  const matrix = new Float64Array(count * count);
  for (let a = 0; a < count; a += 1)
    for (let b = 0; b <= a; b += 1)
      matrix[a * count + b] = products[kept[a]! * size + kept[b]!]! + (a === b && a > 0 ? ridge : 0);
  return matrix;
}

/** Solves as if dropped columns were not there; their part of the solution is 0. */
function widened({ solve }: Factored, kept: readonly number[], size: number): Factored {
  return {
    dependent: null,
    solve: (right) => {
      const solution = solve(Float64Array.from(kept, (j) => right[j]!));
      const all = new Float64Array(size);
      for (const [place, j] of kept.entries()) all[j] = solution[place]!;
      return all;
    },
  };
}

/** What a linear model predicts for every row, into an array of its own. */
export function predictions({ columns, rowCount }: Columns, { intercept, slopes }: LinearModel): Float64Array {
  const all = new Float64Array(rowCount).fill(intercept);
  for (const [j, column] of columns.entries()) {
    const slope = slopes[j]!;
    if (slope !== 0) for (let row = 0; row < rowCount; row += 1) all[row]! += slope * column[row]!;
  }
  return all;
}
