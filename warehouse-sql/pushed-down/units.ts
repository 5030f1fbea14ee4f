import type { Row, StatementParameter } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';

/** One row of sums, or one a group. */
export type Sums = Row & Readonly<Record<string, number>>;

/**
 * A table of encoded units that stays where it is: one row per unit with `treated` (1 or 0), `outcome`, and a number in each covariate column. Nothing may be
 * NULL. `fold` (0, 1, …) is needed by cross-fitting only.
 */
export interface UnitTable {
  readonly table: string;
  /** Names of the covariate columns; plain words. */
  readonly covariates: readonly string[];
}

/** Means and standard deviations by which the columns are standardized, so that products keep their digits. */
export interface UnitScales {
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** The parameters that `standardized` refers to. */
export function scaleParameters({ means, deviations }: UnitScales): Record<string, StatementParameter> {
  return {
    ...Object.fromEntries(means.map((mean, j) => [`mean_${j}`, mean])),
    ...Object.fromEntries(deviations.map((deviation, j) => [`deviation_${j}`, deviation])),
  };
}

/** SQL of the standardized columns, `z_0`, `z_1`, …, beside everything else of the table. */
export function standardizedUnits(dialect: Dialect, { table, covariates }: UnitTable): string {
  const columns = covariates.map(
    (name, j) =>
      `(${dialect.toDouble(name)} - ${dialect.parameter(`mean_${j}`)}) / ${dialect.parameter(`deviation_${j}`)} AS z_${j}`,
  );
  return `SELECT *, ${columns.join(', ')} FROM ${table}`;
}

/** SQL of a + Σ b z, with the coefficients as parameters of this name. */
export function linearSql(dialect: Dialect, name: string, count: number): string {
  const terms = Array.from({ length: count }, (_, j) => `${dialect.parameter(`${name}_${j + 1}`)} * z_${j}`);
  return [dialect.parameter(`${name}_0`), ...terms].join(' + ');
}

export function coefficientParameters(
  name: string,
  coefficients: ArrayLike<number>,
): Record<string, StatementParameter> {
  return Object.fromEntries(Array.from(coefficients, (of, j) => [`${name}_${j}`, of]));
}

/** SQL of the logistic function that neither overflows nor loses small probabilities. */
export function logisticSql(eta: string): string {
  return `CASE WHEN ${eta} >= 0 THEN 1 / (1 + EXP(-(${eta}))) ELSE EXP(${eta}) / (1 + EXP(${eta})) END`;
}

/** Sums of products of (1, z_0, …) with a weight, named `name_i_j`, the lower triangle. */
export function productSums(name: string, count: number, weight: string): string[] {
  const factor = (i: number): string => (i === 0 ? '1' : `z_${i - 1}`);
  return Array.from({ length: count + 1 }, (_, i) =>
    Array.from({ length: i + 1 }, (__, j) => `SUM(${weight} * ${factor(i)} * ${factor(j)}) AS ${name}_${i}_${j}`),
  ).flat();
}

/** Sums of (1, z_0, …) with a weight, named `name_i`. */
export function vectorSums(name: string, count: number, weight: string): string[] {
  return Array.from(
    { length: count + 1 },
    (_, i) => `SUM(${weight} * ${i === 0 ? '1' : `z_${i - 1}`}) AS ${name}_${i}`,
  );
}
