import { linearizedRatios } from '../../estimators/metrics/ratio.ts';
import { crossFittedPredictions } from '../../estimators/variance/cupac.ts';
import type { LinearPrediction } from '../../estimators/variance/ridge-regression.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { numbersOf, relationOf, valuesOf, type Reading } from './metric-relation.ts';
import { numberSql, predictorFeatures } from './predictor-features.ts';
import type { ExperimentRequest } from './request.ts';
import { readJointMoments } from './unit-sums.ts';
import { covariateColumn, UNITS, type KnownCovariate } from './units.ts';

const FOLDS = 5;
/** Features are standardized, so that this is what one unit's worth of belief in "no relation" would be. */
const PENALTY = 1;
/** With fewer units in a fold a prediction says more about its noise than about its outcome. */
const FEWEST_UNITS = 20;

/** The covariate that predicts a metric; null where nothing is to be predicted from. */
export type PredictionOf = (metricIndex: number, capAt: number | null) => Promise<KnownCovariate | null>;

/**
 * CUPAC: each metric as predicted from the columns of `--cupac`, as one more covariate. Units are dealt to five folds by a hash of their name, so
 * that the same file always gives the same numbers, and each fold is predicted by the others. Of a ratio it is the numerator beyond the overall ratio
 * times the denominator that is predicted.
 *
 * @throws AnalyzeError for clusters, windows and quantiles, a column that predicts nothing, or too few units
 */
export async function preparePredictions(warehouse: Warehouse, request: ExperimentRequest): Promise<PredictionOf> {
  const { predictors = [], design, file } = request;
  if (predictors.length === 0) return () => Promise.resolve(null);
  if (design.kind !== 'user')
    throw new AnalyzeError('--cupac is for units that are randomized by themselves, not for clusters or windows');
  const features = await predictorFeatures(warehouse, file, predictors);
  const known = new Map<number, KnownCovariate>();
  return async (metricIndex, capAt) => {
    const before = known.get(metricIndex);
    if (before !== undefined) return before;
    const metric = request.metrics[metricIndex];
    if (metric === undefined) throw new RangeError(`there is no metric ${metricIndex}`);
    if (metric.type === 'quantile')
      throw new AnalyzeError(
        `metric ${metric.expression}: a quantile has no number per unit to predict; leave --cupac out for it`,
      );
    const reading = { request, metric, metricIndex, capAt, covariates: [], groupBy: null };
    const predictions = await fitFolds(warehouse, reading, features);
    const index = request.covariates.length + metricIndex;
    await writePredictions(warehouse, covariateColumn(index), predictions, features);
    const covariate = await describePrediction(warehouse, index, predictors);
    known.set(metricIndex, covariate);
    return covariate;
  };
}

/** SQL of a unit's fold: not DuckDB's own hash, which may change with its version. */
const FOLD = `CAST(md5_number_lower('cupac:' || unit) % ${FOLDS} AS INTEGER)`;

async function fitFolds(
  warehouse: Warehouse,
  reading: Reading,
  features: readonly string[],
): Promise<readonly LinearPrediction[]> {
  const overall = await overallRatio(warehouse, reading);
  const named = features.map((feature, index) => `${feature} AS f${index}`);
  const relation = `
  SELECT CAST(${FOLD} AS VARCHAR) AS arm, CAST(NULL AS VARCHAR) AS grp, v - ${numberSql(overall)} * w AS y, ${named.join(', ')}
  FROM (${valuesOf(reading)}) AS units_with_values WHERE v IS NOT NULL AND w IS NOT NULL`;
  const folds = await readJointMoments(warehouse, relation, ['y', ...features.map((_, index) => `f${index}`)]);
  const byFold = Array.from({ length: FOLDS }, (_, fold) => folds.find(({ arm }) => arm === String(fold))?.moments);
  const known = byFold.filter((moments) => moments !== undefined && moments.count >= FEWEST_UNITS);
  const complete = known.flatMap((moments) => moments ?? []);
  if (complete.length < FOLDS)
    throw new AnalyzeError(
      `metric ${reading.metric.expression}: --cupac deals the units to ${FOLDS} parts and predicts each from the others; it needs at least ${FEWEST_UNITS} units in each, so leave it out for so few`,
    );
  return crossFittedPredictions(complete, PENALTY);
}

/** What a metric's numerator is expected to be per unit of its denominator: 0 for what has none. */
async function overallRatio(warehouse: Warehouse, reading: Reading): Promise<number> {
  if (reading.metric.type !== 'ratio') return 0;
  const { entries, pairs } = numbersOf(reading);
  const everybody = `SELECT 'all' AS arm, grp, v, w FROM (${relationOf(reading)}) AS units_of_arms`;
  const [all] = await readJointMoments(warehouse, everybody, entries);
  if (all === undefined || !((all.moments.means[1] ?? 0) > 0)) return 0;
  return linearizedRatios(all.moments, pairs).means[0] ?? 0;
}

async function writePredictions(
  warehouse: Warehouse,
  column: string,
  predictions: readonly LinearPrediction[],
  features: readonly string[],
): Promise<void> {
  const cases = predictions.map(({ intercept, slopes }, fold) => {
    const terms = features.map((feature, index) => `${numberSql(slopes[index] ?? 0)} * ${feature}`);
    return `WHEN ${fold} THEN ${[numberSql(intercept), ...terms].join(' + ')}`;
  });
  await warehouse.execute([
    { sql: `ALTER TABLE ${UNITS} ADD COLUMN ${column} DOUBLE`, parameters: {} },
    { sql: `UPDATE ${UNITS} SET ${column} = CASE ${FOLD} ${cases.join('\n')} END`, parameters: {} },
  ]);
}

async function describePrediction(
  warehouse: Warehouse,
  index: number,
  predictors: readonly string[],
): Promise<KnownCovariate> {
  const [found] = await warehouse.query<{ mean: number | null }>({
    sql: `SELECT AVG(${covariateColumn(index)}) AS mean FROM ${UNITS}`,
    parameters: {},
  });
  return { index, name: `prediction from ${predictors.join(', ')}`, mean: found?.mean ?? 0, missingCount: 0 };
}
