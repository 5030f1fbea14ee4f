import type { Dialect, TypedStatement } from '../dialect.ts';
import {
  coefficientParameters,
  linearSql,
  logisticSql,
  scaleParameters,
  standardizedUnits,
  vectorSums,
  type Sums,
  type UnitScales,
  type UnitTable,
} from './units.ts';

/** Weights of inverse-probability weighting, and how each changes with the linear predictor. */
const WEIGHTS = {
  ATE: {
    treated: '1 / propensity',
    control: '1 / (1 - propensity)',
    dTreated: '-(1 - propensity) / propensity',
    dControl: 'propensity / (1 - propensity)',
  },
  ATT: {
    treated: '1',
    control: 'propensity / (1 - propensity)',
    dTreated: '0',
    dControl: 'propensity / (1 - propensity)',
  },
  ATO: {
    treated: '1 - propensity',
    control: 'propensity',
    dTreated: '-propensity * (1 - propensity)',
    dControl: 'propensity * (1 - propensity)',
  },
} as const;

function weighted(dialect: Dialect, units: UnitTable, estimand: keyof typeof WEIGHTS): string {
  const { treated, control, dTreated, dControl } = WEIGHTS[estimand];
  return `SELECT *,
    CASE WHEN treated = 1 THEN ${treated} ELSE ${control} END AS weight,
    CASE WHEN treated = 1 THEN ${dTreated} ELSE ${dControl} END AS weight_change
  FROM (
    SELECT *, ${logisticSql('eta')} AS propensity
    FROM (
      SELECT *, ${linearSql(dialect, 'b', units.covariates.length)} AS eta
      FROM (${standardizedUnits(dialect, units)}) AS standardized
    ) AS linear
  ) AS scored`;
}

/** Totals of the weights and of weight times outcome in each group: w_1, wy_1, w_0, wy_0. */
export function weightedMeansQuery(
  dialect: Dialect,
  units: UnitTable,
  scales: UnitScales,
  coefficients: ArrayLike<number>,
  estimand: keyof typeof WEIGHTS,
): TypedStatement<Sums> {
  const of = (group: 0 | 1, value: string): string => `SUM(CASE WHEN treated = ${group} THEN ${value} ELSE 0 END)`;
  return {
    sql: `SELECT ${of(1, 'weight')} AS w_1, ${of(1, 'weight * outcome')} AS wy_1, ${of(0, 'weight')} AS w_0, ${of(0, 'weight * outcome')} AS wy_0
FROM (${weighted(dialect, units, estimand)}) AS weighted`,
    parameters: { ...scaleParameters(scales), ...coefficientParameters('b', coefficients) },
  };
}

/** What `weightedVarianceQuery` needs of the means. */
export interface WeightedMeans {
  readonly treated: { readonly mean: number; readonly total: number };
  readonly control: { readonly mean: number; readonly total: number };
}

function meanParameters({ treated, control }: WeightedMeans) {
  return {
    mean_treated: treated.mean,
    total_treated: treated.total,
    mean_control: control.mean,
    total_control: control.total,
  };
}

/** Each unit's own part of the influence function, and its change with the linear predictor. */
function influence(dialect: Dialect, column: string): string {
  const at = dialect.parameter;
  return `CASE WHEN treated = 1 THEN ${column} * (outcome - ${at('mean_treated')}) / ${at('total_treated')}
    ELSE -${column} * (outcome - ${at('mean_control')}) / ${at('total_control')} END`;
}

/** How the estimate changes with the coefficients of the propensity: h_i. */
export function weightedSlopeQuery(
  dialect: Dialect,
  units: UnitTable,
  scales: UnitScales,
  coefficients: ArrayLike<number>,
  estimand: keyof typeof WEIGHTS,
  means: WeightedMeans,
): TypedStatement<Sums> {
  return {
    sql: `SELECT ${vectorSums('h', units.covariates.length, influence(dialect, 'weight_change')).join(', ')}
FROM (${weighted(dialect, units, estimand)}) AS weighted`,
    parameters: { ...scaleParameters(scales), ...coefficientParameters('b', coefficients), ...meanParameters(means) },
  };
}

/** The squared influence of all units: squares. */
export function weightedVarianceQuery(
  dialect: Dialect,
  units: UnitTable,
  scales: UnitScales,
  coefficients: ArrayLike<number>,
  estimand: keyof typeof WEIGHTS,
  means: WeightedMeans,
  direction: ArrayLike<number>,
): TypedStatement<Sums> {
  const own = `${influence(dialect, 'weight')} + (${linearSql(dialect, 'd', units.covariates.length)}) * (treated - propensity)`;
  return {
    sql: `SELECT SUM(part * part) AS squares
FROM (SELECT ${own} AS part FROM (${weighted(dialect, units, estimand)}) AS weighted) AS parts`,
    parameters: {
      ...scaleParameters(scales),
      ...coefficientParameters('b', coefficients),
      ...coefficientParameters('d', direction),
      ...meanParameters(means),
    },
  };
}
