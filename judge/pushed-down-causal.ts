import type { Effect } from '../estimators/effect.ts';
import { cholesky } from '../estimators/observational/cholesky.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import type { TypedStatement } from '../warehouse-sql/dialect.ts';
import { logisticStepQuery, scalesQuery } from '../warehouse-sql/pushed-down/propensity-queries.ts';
import {
  weightedMeansQuery,
  weightedSlopeQuery,
  weightedVarianceQuery,
} from '../warehouse-sql/pushed-down/weighting-queries.ts';
import {
  doublyRobustQuery,
  outcomeProductsQuery,
  type FoldModels,
} from '../warehouse-sql/pushed-down/doubly-robust-queries.ts';
import { coarsenedQuery, rangesQuery, type Cut } from '../warehouse-sql/pushed-down/coarsened-queries.ts';
import type { UnitScales, UnitTable } from '../warehouse-sql/pushed-down/units.ts';
import { dialectOf } from './causal-cohort.ts';

type Sums = Readonly<Record<string, number>>;

/** A logistic regression whose rows never left the warehouse. */
export interface PushedDownFit {
  readonly scales: UnitScales;
  /** On standardized columns, the intercept first. */
  readonly coefficients: Float64Array;
  /** In the units of the columns. */
  readonly intercept: number;
  readonly slopes: Float64Array;
  readonly steps: number;
}

const MOST_STEPS = 50;
const TOLERANCE = 1e-9;

/**
 * The propensity by IRLS where every step is one query over the rows: gradient and information are sums (McCullagh & Nelder 1989, section 4.4). The same
 * maximum as `logisticRegression` finds in memory.
 *
 * @throws RangeError where it does not converge: the groups are told apart completely, or a column depends on others
 */
export async function pushedDownPropensity(warehouse: Warehouse, units: UnitTable): Promise<PushedDownFit> {
  const scales = await scalesOf(warehouse, units);
  return await fitPropensity(warehouse, units, scales, null);
}

async function scalesOf(
  warehouse: Warehouse,
  units: UnitTable,
): Promise<UnitScales & { readonly treatedRatio: number }> {
  const found = await one(warehouse, scalesQuery(units));
  const means = units.covariates.map((_, j) => found[`mean_${j}`] ?? NaN);
  const deviations = units.covariates.map((_, j) => found[`deviation_${j}`] ?? NaN);
  const constant = deviations.findIndex((deviation) => !(deviation > 0));
  if (constant >= 0)
    throw new RangeError(`column "${units.covariates[constant] ?? ''}" of ${units.table} does not vary; leave it out`);
  return { means, deviations, treatedRatio: (found.treated_units ?? NaN) / (found.units ?? NaN) };
}

async function fitPropensity(
  warehouse: Warehouse,
  units: UnitTable,
  scales: UnitScales & { readonly treatedRatio: number },
  leftOutFold: number | null,
  start?: Float64Array,
): Promise<PushedDownFit> {
  const size = units.covariates.length + 1;
  let coefficients = start ?? new Float64Array(size);
  if (start === undefined) coefficients[0] = Math.log(scales.treatedRatio / (1 - scales.treatedRatio));
  let best = { coefficients, logLikelihood: -Infinity };
  for (let step = 1; step <= MOST_STEPS; step += 1) {
    const sums = await one(
      warehouse,
      logisticStepQuery(dialectOf(warehouse), units, scales, coefficients, leftOutFold),
    );
    const logLikelihood = sums.log_likelihood ?? NaN;
    if (!(logLikelihood >= best.logLikelihood - 1e-10 * Math.abs(best.logLikelihood))) {
      // A step that went too far: half of it.
      coefficients = coefficients.map((of, j) => (of + best.coefficients[j]!) / 2);
      continue;
    }
    best = { coefficients, logLikelihood };
    const change = solved(sums, 'i', vectorOf(sums, 'g', size));
    coefficients = coefficients.map((of, j) => of + change[j]!);
    if (Math.max(...change.map(Math.abs)) > TOLERANCE * (1 + Math.max(...coefficients.map(Math.abs)))) continue;
    const slopes = Float64Array.from(scales.deviations, (deviation, j) => coefficients[j + 1]! / deviation);
    const intercept = slopes.reduce((sum, slope, j) => sum - slope * scales.means[j]!, coefficients[0]!);
    return { scales, coefficients, intercept, slopes, steps: step };
  }
  throw new RangeError(
    `the propensity of ${units.table} does not converge in ${MOST_STEPS} steps: the covariates tell the groups apart (almost) completely`,
  );
}

/** Inverse-probability weighting with the sandwich standard error of `inverseProbabilityEffect`, in four queries after the propensity. */
export async function pushedDownIpw(
  warehouse: Warehouse,
  units: UnitTable,
  estimand: 'ATE' | 'ATT' | 'ATO',
): Promise<Effect> {
  const dialect = dialectOf(warehouse);
  const { scales, coefficients } = await pushedDownPropensity(warehouse, units);
  const found = await one(warehouse, weightedMeansQuery(dialect, units, scales, coefficients, estimand));
  const groupOf = (group: 0 | 1) => ({
    total: found[`w_${group}`] ?? NaN,
    mean: (found[`wy_${group}`] ?? NaN) / (found[`w_${group}`] ?? NaN),
  });
  const means = { treated: groupOf(1), control: groupOf(0) };
  const slope = await one(warehouse, weightedSlopeQuery(dialect, units, scales, coefficients, estimand, means));
  const information = await one(warehouse, logisticStepQuery(dialect, units, scales, coefficients, null));
  const direction = solved(information, 'i', vectorOf(slope, 'h', coefficients.length));
  const { squares = NaN } = await one(
    warehouse,
    weightedVarianceQuery(dialect, units, scales, coefficients, estimand, means, direction),
  );
  return { estimate: means.treated.mean - means.control.mean, standardError: Math.sqrt(squares) };
}

/** Doubly robust with linear outcomes and logistic propensities, cross-fitted over the column `fold`; see `aipwEffect`. */
export async function pushedDownAipw(
  warehouse: Warehouse,
  units: UnitTable,
  { estimand, bound = 0.01 }: { readonly estimand: 'ATE' | 'ATT'; readonly bound?: number },
): Promise<Effect> {
  const dialect = dialectOf(warehouse);
  const scales = await scalesOf(warehouse, units);
  const products = await warehouse.query<Row & Sums>(outcomeProductsQuery(dialect, units, scales));
  const folds = [...new Set(products.map(({ fold = NaN }) => fold))].toSorted((a, b) => a - b);
  const all = await fitPropensity(warehouse, units, scales, null);
  const models: FoldModels[] = [];
  for (const fold of folds) {
    const { coefficients } = await fitPropensity(warehouse, units, scales, fold, Float64Array.from(all.coefficients));
    const outcomeOf = (group: 0 | 1): Float64Array => {
      const others = products.filter((row) => row.fold !== fold && row.treated === group);
      const sums = added(others);
      return solved(sums, 'p', vectorOf(sums, 'y', coefficients.length));
    };
    models.push({ propensity: coefficients, without: outcomeOf(0), withIt: outcomeOf(1) });
  }
  const {
    total = NaN,
    squares = NaN,
    treated_total: treatedTotal = NaN,
    units: count = NaN,
    treated_units: treatedCount = NaN,
  } = await one(warehouse, doublyRobustQuery(dialect, units, scales, models, estimand, bound));
  const over = estimand === 'ATE' ? count : treatedCount;
  const estimate = total / over;
  const crossed = estimand === 'ATE' ? total : treatedTotal;
  return { estimate, standardError: Math.sqrt(squares - 2 * estimate * crossed + over * estimate * estimate) / over };
}

/** Coarsened exact matching with the intervals of `coarsenedStrata`, in three queries. */
export async function pushedDownCem(
  warehouse: Warehouse,
  units: UnitTable,
  estimand: 'ATE' | 'ATT',
): Promise<Effect & { readonly stratumCount: number }> {
  const ranges = await one(warehouse, rangesQuery(units));
  const bins = Math.ceil(1 + Math.log2(Math.max(1, ranges.units ?? 1)));
  const cuts = units.covariates.map((_, j): Cut | null => {
    const [least = NaN, most = NaN] = [ranges[`least_${j}`], ranges[`most_${j}`]];
    return (ranges[`values_${j}`] ?? 0) <= FEW_VALUES ? null : { least, width: (most - least) / bins, bins };
  });
  const sums = await one(warehouse, coarsenedQuery(units, cuts, estimand, null));
  const asked = sums.asked ?? NaN;
  if (!(asked > 0)) throw new RangeError('coarsened exact matching: no stratum has both groups; make them coarser');
  const estimate = (sums.total ?? NaN) / asked;
  const spread = await one(warehouse, coarsenedQuery(units, cuts, estimand, estimate));
  let variance = (spread.between_strata ?? NaN) / asked / asked;
  for (const group of [0, 1]) {
    const freedom = sums[`freedom_${group}`] ?? NaN;
    const pooled = freedom > 0 ? (sums[`squares_${group}`] ?? NaN) / freedom : 0;
    const single = spread[`single_${group}`] ?? 0;
    variance += ((spread[`within_${group}`] ?? NaN) + (single > 0 ? single * pooled : 0)) / asked / asked;
  }
  return { estimate, standardError: Math.sqrt(variance), stratumCount: sums.strata ?? 0 };
}

/** As `coarsenedStrata` has it: a column of so many values is taken as it is. */
const FEW_VALUES = 10;

async function one(warehouse: Warehouse, statement: TypedStatement<Row & Sums>): Promise<Sums> {
  const [row] = await warehouse.query<Row & Sums>(statement);
  if (row === undefined) throw new RangeError('the warehouse answered with no row');
  return row;
}

function vectorOf(sums: Sums, name: string, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => sums[`${name}_${i}`] ?? NaN);
}

function added(rows: readonly Sums[]): Sums {
  const all: Record<string, number> = {};
  for (const row of rows) for (const [name, value] of Object.entries(row)) all[name] = (all[name] ?? 0) + Number(value);
  return all;
}

/** Solves with the matrix that the sums hold as name_i_j. */
function solved(sums: Sums, name: string, right: Float64Array): Float64Array {
  const size = right.length;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j <= i; j += 1) matrix[i * size + j] = sums[`${name}_${i}_${j}`] ?? NaN;
  const factored = cholesky(matrix, size);
  if (factored.dependent !== null)
    throw new RangeError('a covariate is a combination of those before it; leave it out');
  return factored.solve(right);
}
