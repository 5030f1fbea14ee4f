import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { gramsOf, linearModel, sumOfGrams } from '../outcome/linear-model.ts';
import { logisticRegression } from '../propensity/logistic-regression.ts';

/** What would have happened to each row and how it came to be treated, each predicted without the row's own fold. */
export interface Nuisances {
  /** The propensity, in (0, 1). */
  readonly propensity: Float64Array;
  /** The outcome without treatment. */
  readonly withoutTreatment: Float64Array;
  /** The outcome with treatment. */
  readonly withTreatment: Float64Array;
}

export interface Study {
  readonly covariates: Columns;
  readonly scales: ColumnScales;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
}

/**
 * Linear outcomes and logistic propensities, cross-fitted. Cross products are counted once for each fold and group; the regressions of all
 * folds are sums of them.
 *
 * @param folds for each row its fold, from 0 on
 * @param ridge of the outcome regressions and the logistic regressions, on standardized columns; 0: none
 */
export function linearNuisances(
  { covariates, scales, treatment, outcome }: Study,
  folds: Uint8Array,
  foldCount: number,
  ridge = 0,
): Nuisances {
  const { rowCount, columns } = covariates;
  const groups = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) groups[row] = 2 * folds[row]! + treatment[row]!;
  const grams = gramsOf(covariates, outcome, scales, groups, 2 * foldCount);
  const all = logisticRegression(covariates, treatment, { ridge });
  const found = {
    propensity: new Float64Array(rowCount),
    withoutTreatment: new Float64Array(rowCount),
    withTreatment: new Float64Array(rowCount),
  };
  for (let fold = 0; fold < foldCount; fold += 1) {
    const rows = rowsWhere(folds, (of) => of === fold);
    const [without, withIt] = [0, 1].map((group) => {
      const others = grams.filter((_, index) => index % 2 === group && index >> 1 !== fold);
      return linearModel(sumOfGrams(others), scales, ridge);
    });
    const { intercept, slopes } = logisticRegression(covariates, treatment, {
      ridge,
      leftOut: { folds, fold },
      start: all,
    });
    if (without === undefined || withIt === undefined) throw new RangeError('cross-fitting: a group has no units');
    predictInto(columns, rows, without.intercept, without.slopes, found.withoutTreatment);
    predictInto(columns, rows, withIt.intercept, withIt.slopes, found.withTreatment);
    predictInto(columns, rows, intercept, slopes, found.propensity);
    for (let i = 0; i < rows.length; i += 1)
      found.propensity[rows[i]!] = 1 / (1 + Math.exp(-found.propensity[rows[i]!]!));
  }
  return found;
}

export function rowsWhere(values: Uint8Array, isWanted: (of: number) => boolean): Uint32Array {
  let count = 0;
  for (let row = 0; row < values.length; row += 1) if (isWanted(values[row]!)) count += 1;
  const rows = new Uint32Array(count);
  let place = 0;
  for (let row = 0; row < values.length; row += 1) if (isWanted(values[row]!)) rows[place++] = row;
  return rows;
}

function predictInto(
  columns: readonly Float64Array[],
  rows: Uint32Array,
  intercept: number,
  slopes: Float64Array,
  into: Float64Array,
): void {
  for (let i = 0; i < rows.length; i += 1) into[rows[i]!] = intercept;
  for (const [j, column] of columns.entries()) {
    const slope = slopes[j]!;
    if (slope !== 0) for (let i = 0; i < rows.length; i += 1) into[rows[i]!]! += slope * column[rows[i]!]!;
  }
}
