import { cholesky } from '../cholesky.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { gramsOf, linearModel, type Gram } from '../outcome/linear-model.ts';

/** A least-squares regression, and what each column or several together explain of it. */
export interface RegressionShares {
  readonly degreesOfFreedom: number;
  coefficientOf(column: number): { readonly estimate: number; readonly standardError: number };
  /** Share of what the other columns leave that these explain together; 0 where they are combinations of the others. */
  shareOf(columns: readonly number[]): number;
}

/** Residuals this small beside the outcome are rounding. */
const EXACT = 1e-12;

/**
 * @param what the outcome, for the errors
 * @throws RangeError where fewer than two degrees of freedom are left, or the columns determine the outcome
 */
export function regressionShares(
  covariates: Columns,
  scales: ColumnScales,
  outcome: Float64Array,
  what: string,
): RegressionShares {
  const { rowCount, columns } = covariates;
  const [gram] = gramsOf(covariates, outcome, scales, new Uint8Array(rowCount), 1);
  if (gram === undefined) throw new RangeError(`regression of ${what}: there are no rows`);
  const { slopes, dropped, factored } = linearModel(gram, scales);
  const degreesOfFreedom = rowCount - (columns.length - dropped.length) - 1;
  if (degreesOfFreedom < 2)
    throw new RangeError(`regression of ${what}: ${rowCount} rows for ${columns.length} columns are too few`);
  const { residual, total } = squaresOf(gram, slopes, scales);
  if (!(residual > EXACT * total))
    throw new RangeError(
      `regression of ${what}: the columns determine it, so no variance is left that could be explained`,
    );
  const isKept = (column: number): boolean => !dropped.includes(column);
  const inverseColumn = (column: number): Float64Array => {
    const unit = new Float64Array(columns.length + 1);
    unit[column + 1] = 1;
    return factored.solve(unit);
  };
  return {
    degreesOfFreedom,
    coefficientOf: (column) => {
      const variance = (residual / degreesOfFreedom) * inverseColumn(column)[column + 1]!;
      return { estimate: slopes[column]!, standardError: Math.sqrt(variance) / scales.deviations[column]! };
    },
    shareOf: (group) => {
      const kept = group.filter(isKept);
      if (kept.length === 0) return 0;
      const inverse = kept.map(inverseColumn);
      const block = Float64Array.from(
        { length: kept.length ** 2 },
        (_, at) => inverse[Math.floor(at / kept.length)]![kept[at % kept.length]! + 1]!,
      );
      const slopesOf = Float64Array.from(kept, (column) => slopes[column]! * scales.deviations[column]!);
      const solved = cholesky(block, kept.length).solve(slopesOf);
      const explained = slopesOf.reduce((sum, of, place) => sum + of * solved[place]!, 0);
      return explained / (explained + residual);
    },
  };
}

/** Squares of the outcome about its mean, and of the residuals, out of the cross products. */
function squaresOf(
  { products, size, total }: Gram,
  slopes: Float64Array,
  { deviations }: ColumnScales,
): { readonly residual: number; readonly total: number } {
  const last = size - 1;
  const mean = products[last * size]! / total;
  const squares = products[last * size + last]! - total * mean * mean;
  let explained = 0;
  for (let j = 0; j < slopes.length; j += 1)
    explained += slopes[j]! * deviations[j]! * (products[last * size + j + 1]! - mean * products[(j + 1) * size]!);
  return { residual: squares - explained, total: squares };
}
