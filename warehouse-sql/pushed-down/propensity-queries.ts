import type { Dialect, TypedStatement } from '../dialect.ts';
import {
  coefficientParameters,
  linearSql,
  logisticSql,
  productSums,
  scaleParameters,
  standardizedUnits,
  vectorSums,
  type Sums,
  type UnitScales,
  type UnitTable,
} from './units.ts';

/** Count, means and standard deviations of the covariates: count, mean_0, deviation_0, … */
export function scalesQuery({ table, covariates }: UnitTable): TypedStatement<Sums> {
  const columns = covariates.flatMap((name, j) => [
    `AVG(${name}) AS mean_${j}`,
    `STDDEV_SAMP(${name}) AS deviation_${j}`,
  ]);
  return {
    sql: `SELECT COUNT(*) AS units, SUM(treated) AS treated_units, ${columns.join(', ')} FROM ${table}`,
    parameters: {},
  };
}

/** One step of IRLS: the log-likelihood, the gradient g_i and the information i_i_j at the coefficients `b`; without the units of a fold where one is named. */
export function logisticStepQuery(
  dialect: Dialect,
  units: UnitTable,
  scales: UnitScales,
  coefficients: ArrayLike<number>,
  leftOutFold: number | null,
): TypedStatement<Sums> {
  const count = units.covariates.length;
  const logLikelihood =
    '-CASE WHEN eta >= 0 THEN LN(1 + EXP(-eta)) + (1 - treated) * eta ELSE LN(1 + EXP(eta)) - treated * eta END';
  const sums = [
    `SUM(${logLikelihood}) AS log_likelihood`,
    ...vectorSums('g', count, '(treated - propensity)'),
    ...productSums('i', count, 'propensity * (1 - propensity)'),
  ];
  return {
    sql: `SELECT ${sums.join(', ')}
FROM (
  SELECT *, ${logisticSql('eta')} AS propensity
  FROM (
    SELECT *, ${linearSql(dialect, 'b', count)} AS eta
    FROM (${standardizedUnits(dialect, units)}) AS standardized
    ${leftOutFold === null ? '' : `WHERE fold <> ${leftOutFold}`}
  ) AS linear
) AS scored`,
    parameters: { ...scaleParameters(scales), ...coefficientParameters('b', coefficients) },
  };
}
