import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { cuped, type CovariateSums } from '../estimators/cuped.ts';
import { differenceOfMeans, type Effect } from '../estimators/effect.ts';
import { momentsFromSums, type Moments } from '../estimators/moments.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import { twoSidedQuantile } from '../estimators/student-t.ts';
import { welch } from '../estimators/welch.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import type { Analysis, AnalysisMethod, AnalyzedArm, AnalyzedDifference, AnalyzeOptions } from './analysis.ts';
import { readArmSums, type ArmSums } from './arm-sums.ts';
import { AnalyzeError } from './analyze-error.ts';
import { readCsv } from './csv-input.ts';

/**
 * Compares the mean of a column between the two arms of a file: one row a unit.
 *
 * @throws AnalyzeError where the file cannot be analysed as asked, with the row and the column where there is one
 */
export async function analyzeFile(options: AnalyzeOptions): Promise<Analysis> {
  const { file, outcome, treatment, covariate = null, alpha = 0.05, method = 'fixed-horizon' } = options;
  if (!(alpha > 0 && alpha < 1)) throw new AnalyzeError(`alpha must lie between 0 and 1, got ${alpha}`);
  const warehouse = await openDuckDb({ file: ':memory:', queryConnections: 1 });
  try {
    const sums = await readArmSums(await readCsv(warehouse, file), options);
    const estimated = estimate(sums, options, { alpha, method });
    return { file, outcome, treatment, covariate, method, alpha, ...estimated };
  } finally {
    await warehouse.close();
  }
}

interface Level {
  readonly alpha: number;
  readonly method: AnalysisMethod;
}

type Estimated = Omit<Analysis, 'file' | 'outcome' | 'treatment' | 'covariate' | 'method' | 'alpha'>;

function estimate(sums: ArmSums, { outcome, covariate }: AnalyzeOptions, level: Level): Estimated {
  const control = momentsOf(sums.control, 'Y', sums.means.y);
  const treated = momentsOf(sums.treated, 'Y', sums.means.y);
  if (control.variance === 0 && treated.variance === 0)
    throw new AnalyzeError(`column "${outcome}" does not vary within either arm, so no interval can be given`);
  return {
    rows: { ...sums.rows, missing: sums.missing },
    control: armOf(sums.labels.control, control),
    treated: armOf(sums.labels.treated, treated),
    difference: differenceOf(control, treated, level),
    relative: relativeOf(control, treated, level),
    adjusted: covariate === undefined ? null : adjustedOf(sums, level),
    covariateDifference: covariate === undefined ? null : covariateDifferenceOf(sums, level),
  };
}

function momentsOf(sums: CovariateSums, of: 'X' | 'Y', centre: number): Moments {
  const [sum, sumOfSquares] = of === 'Y' ? [sums.sumY, sums.sumYY] : [sums.sumX, sums.sumXX];
  const centred = momentsFromSums({ count: sums.count, sum, sumOfSquares });
  return { ...centred, mean: centred.mean + centre };
}

function armOf(label: string, { count, mean, variance }: Moments): AnalyzedArm {
  return { label, units: count, mean, standardDeviation: Math.sqrt(variance) };
}

function differenceOf(control: Moments, treated: Moments, { alpha, method }: Level): AnalyzedDifference {
  const effect = differenceOfMeans(control, treated);
  const { estimate: difference, standardError } = effect;
  const { lower, upper, pValue } =
    method === 'always-valid'
      ? confidenceSequence({ ...effect, count: control.count + treated.count, alpha })
      : welch(control, treated, alpha);
  return { estimate: difference, lower, upper, standardError, pValue };
}

function relativeOf(control: Moments, treated: Moments, { alpha, method }: Level): Analysis['relative'] {
  const lift = relativeLift(control, treated);
  if (lift === null || lift.standardError === 0) return null;
  if (method === 'fixed-horizon') return studentInterval(lift, alpha, welch(control, treated, alpha).degreesOfFreedom);
  const {
    estimate: ratio,
    lower,
    upper,
  } = confidenceSequence({
    ...lift,
    count: control.count + treated.count,
    alpha,
  });
  return { estimate: ratio, lower, upper };
}

function studentInterval({ estimate: ratio, standardError }: Effect, alpha: number, degreesOfFreedom: number) {
  const halfWidth = twoSidedQuantile(alpha, degreesOfFreedom) * standardError;
  return { estimate: ratio, lower: ratio - halfWidth, upper: ratio + halfWidth };
}

function adjustedOf(sums: ArmSums, level: Level): NonNullable<Analysis['adjusted']> {
  const { control, treatment, theta, varianceRemovedRatio } = cuped(sums.control, sums.treated);
  if (control.variance === 0 && treatment.variance === 0)
    throw new AnalyzeError('the covariate explains the outcome completely; is it the outcome itself?');
  return { ...differenceOf(control, treatment, level), theta, varianceRemovedRatio };
}

function covariateDifferenceOf(sums: ArmSums, level: Level): AnalyzedDifference | null {
  const control = momentsOf(sums.control, 'X', sums.means.x);
  const treated = momentsOf(sums.treated, 'X', sums.means.x);
  return control.variance === 0 && treated.variance === 0 ? null : differenceOf(control, treated, level);
}
