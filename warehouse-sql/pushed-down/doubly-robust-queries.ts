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

/** Cross products of (1, z) and with the outcome, by fold and group: fold, treated, units, p_i_j, y_i. */
export function outcomeProductsQuery(dialect: Dialect, units: UnitTable, scales: UnitScales): TypedStatement<Sums> {
  const count = units.covariates.length;
  return {
    sql: `SELECT fold, treated, COUNT(*) AS units, ${[...productSums('p', count, '1'), ...vectorSums('y', count, 'outcome')].join(', ')}
FROM (${standardizedUnits(dialect, units)}) AS standardized
GROUP BY fold, treated ORDER BY fold, treated`,
    parameters: scaleParameters(scales),
  };
}

export interface FoldModels {
  /** Coefficients on standardized columns, the intercept first. */
  readonly propensity: ArrayLike<number>;
  readonly without: ArrayLike<number>;
  readonly withIt: ArrayLike<number>;
}

/** The doubly robust scores of all units with the models of their folds: total, squares and product with the group, units, treated_units. */
export function doublyRobustQuery(
  dialect: Dialect,
  units: UnitTable,
  scales: UnitScales,
  folds: readonly FoldModels[],
  estimand: 'ATE' | 'ATT',
  bound: number,
): TypedStatement<Sums> {
  const count = units.covariates.length;
  const byFold = (name: string): string =>
    `CASE fold ${folds.map((_, fold) => `WHEN ${fold} THEN ${linearSql(dialect, `${name}${fold}`, count)}`).join(' ')} END`;
  const at = dialect.parameter;
  const lower = estimand === 'ATE' ? at('bound') : '0';
  const score =
    estimand === 'ATE'
      ? `m_1 - m_0 + CASE WHEN treated = 1 THEN (outcome - m_1) / e ELSE -(outcome - m_0) / (1 - e) END`
      : `CASE WHEN treated = 1 THEN outcome - m_0 ELSE -e / (1 - e) * (outcome - m_0) END`;
  return {
    sql: `SELECT SUM(score) AS total, SUM(score * score) AS squares, SUM(score * treated) AS treated_total, COUNT(*) AS units, SUM(treated) AS treated_units
FROM (
  SELECT treated, ${score} AS score
  FROM (
    SELECT treated, outcome, m_0, m_1, LEAST(1 - ${at('bound')}, GREATEST(${lower}, ${logisticSql('eta')})) AS e
    FROM (
      SELECT treated, outcome, ${byFold('e')} AS eta, ${byFold('c')} AS m_0, ${byFold('t')} AS m_1
      FROM (${standardizedUnits(dialect, units)}) AS standardized
    ) AS predicted
  ) AS bounded
) AS scored`,
    parameters: {
      ...scaleParameters(scales),
      bound,
      ...Object.fromEntries(
        folds.flatMap(({ propensity, without, withIt }, fold) =>
          Object.entries({
            ...coefficientParameters(`e${fold}`, propensity),
            ...coefficientParameters(`c${fold}`, without),
            ...coefficientParameters(`t${fold}`, withIt),
          }),
        ),
      ),
    },
  };
}
