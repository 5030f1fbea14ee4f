import type { Columns } from './columns.ts';

/** Mean and standard deviation of each column; the deviation is 1 where nothing varies. */
export interface ColumnScales {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/**
 * @throws RangeError for a column of another length than the rows, or one that holds what is no finite number, by its name and row
 */
export function columnScales({ names, columns, rowCount }: Columns): ColumnScales {
  const means = new Float64Array(columns.length);
  const deviations = new Float64Array(columns.length);
  for (const [index, column] of columns.entries()) {
    const name = names[index] ?? `column ${index}`;
    if (column.length !== rowCount)
      throw new RangeError(`column "${name}" has ${column.length} values for ${rowCount} rows`);
    const { mean, squares } = meanAndSquares(column);
    if (!Number.isFinite(mean + squares)) throw new RangeError(notFinite(name, column));
    means[index] = mean;
    const deviation = Math.sqrt(squares / Math.max(1, rowCount - 1));
    deviations[index] = deviation > 1e-12 * Math.abs(mean) ? deviation : 1;
  }
  return { means, deviations };
}

function meanAndSquares(column: Float64Array): { readonly mean: number; readonly squares: number } {
  let sum = 0;
  for (let row = 0; row < column.length; row += 1) sum += column[row] ?? 0;
  const mean = column.length === 0 ? 0 : sum / column.length;
  let squares = 0;
  for (let row = 0; row < column.length; row += 1) {
    const deviation = (column[row] ?? 0) - mean;
    squares += deviation * deviation;
  }
  return { mean, squares };
}

function notFinite(name: string, column: Float64Array): string {
  const row = column.findIndex((value) => !Number.isFinite(value));
  return row < 0
    ? `column "${name}" holds numbers too large to add up`
    : `row ${row + 1}, column "${name}" is ${column[row] ?? NaN}, not a finite number`;
}
