import type { Columns } from '../columns.ts';

export interface CoarsenedOptions {
  /** Into how many intervals a column is cut; default Sturges' 1 + log2 of the rows. */
  readonly bins?: number;
  /** Cut points of single columns, rising: a value belongs to the interval that it is above the lower end of, or at it. */
  readonly cutPoints?: Readonly<Record<string, readonly number[]>>;
}

/** A column with at most so many values is taken as it is. */
const FEW_VALUES = 10;

/**
 * Coarsened exact matching: columns are cut into intervals, and units that fall into the same intervals of all columns are one stratum. Columns of few values
 * (such as indicators) are taken as they are.
 *
 * Source: S. M. Iacus, G. King, G. Porro, "Causal inference without balance checking: coarsened exact matching", Political Analysis 20 (2012), 1–24.
 *
 * @returns for each row its stratum, from 0 on, in the order of their first rows
 * @throws RangeError for fewer than one interval, or cut points of a column that there is none of
 */
export function coarsenedStrata({ names, columns, rowCount }: Columns, options: CoarsenedOptions = {}): Int32Array {
  const { bins = Math.ceil(1 + Math.log2(Math.max(1, rowCount))), cutPoints = {} } = options;
  if (!Number.isSafeInteger(bins) || bins < 1) throw new RangeError(`coarsening: bins must be at least 1, got ${bins}`);
  const unknown = Object.keys(cutPoints).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(
      `coarsening: there are cut points of "${unknown}", but no such column; there are ${names.join(', ')}`,
    );
  let strata: Int32Array = new Int32Array(rowCount);
  for (const [index, column] of columns.entries()) {
    const bin = binned(column, cutPoints[names[index] ?? ''], bins);
    strata = renumbered(strata, bin);
  }
  return strata;
}

function binned(column: Float64Array, cuts: readonly number[] | undefined, bins: number): Int32Array {
  const found = new Int32Array(column.length);
  if (cuts !== undefined) {
    for (let row = 0; row < column.length; row += 1) found[row] = cuts.filter((cut) => column[row]! >= cut).length;
    return found;
  }
  const values = fewValues(column);
  if (values !== null) {
    for (let row = 0; row < column.length; row += 1) found[row] = values.get(column[row]!)!;
    return found;
  }
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < column.length; row += 1) {
    least = Math.min(least, column[row]!);
    most = Math.max(most, column[row]!);
  }
  const width = (most - least) / bins;
  for (let row = 0; row < column.length; row += 1)
    found[row] = Math.min(bins - 1, Math.floor((column[row]! - least) / width));
  return found;
}

function fewValues(column: Float64Array): Map<number, number> | null {
  const values = new Map<number, number>();
  for (let row = 0; row < column.length; row += 1) {
    const of = column[row]!;
    if (values.has(of)) continue;
    if (values.size === FEW_VALUES) return null;
    values.set(of, values.size);
  }
  return values;
}

/** Strata that also differ by a bin, numbered anew so that numbers stay small. */
function renumbered(strata: Int32Array, bins: Int32Array): Int32Array {
  const next = new Int32Array(strata.length);
  let most = 0;
  for (let row = 0; row < bins.length; row += 1) most = Math.max(most, bins[row]!);
  const numbers = new Map<number, number>();
  for (let row = 0; row < strata.length; row += 1) {
    const key = strata[row]! * (most + 1) + bins[row]!;
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    next[row] = number;
  }
  return next;
}
