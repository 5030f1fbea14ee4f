import { twoSidedQuantile } from '../../student-t.ts';
import type { ColumnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { gramsOf, linearModel, type Gram } from '../outcome/linear-model.ts';

/** A hidden confounder as strong as a measured covariate, and what it would leave of the estimate. */
export interface Benchmark {
  readonly covariate: string;
  /** Share of what is left of the treatment that it would explain. */
  readonly withTreatment: number;
  /** Share of what is left of the outcome that it would explain. */
  readonly withOutcome: number;
  readonly adjustedEstimate: number;
  /** Whether the estimate would change its sign or be 0. */
  readonly isOverturned: boolean;
}

export interface Robustness {
  /** The treatment's coefficient in a regression of the outcome on it and the covariates. */
  readonly estimate: number;
  readonly standardError: number;
  /** Share of the outcome's residual variance that the treatment explains. */
  readonly partialRSquared: number;
  /** Share of both residual variances that a hidden confounder must explain to bring the estimate to 0. */
  readonly value: number;
  /** The same to make the estimate insignificant; 0 where it is not significant. */
  readonly valueForSignificance: number;
  /** A confounder one time as strong as each of the covariates, the strongest first. */
  readonly benchmarks: readonly Benchmark[];
}

/**
 * Robustness value of a linear regression, benchmarked on the covariates.
 *
 * Source: C. Cinelli, C. Hazlett, "Making sense of sensitivity: extending omitted variable bias", JRSS B 82 (2020), 39–67, equations 19 and 20, section 4.4.
 *
 * @throws RangeError where there are no more rows than columns
 */
export function robustnessValue(
  covariates: Columns,
  scales: ColumnScales,
  treatment: Uint8Array,
  outcome: Float64Array,
  alpha: number,
): Robustness {
  const { rowCount, columns, names } = covariates;
  const degreesOfFreedom = rowCount - columns.length - 2;
  if (degreesOfFreedom < 2)
    throw new RangeError(`robustness value: ${rowCount} rows for ${columns.length} covariates are too few`);
  const exposed = Float64Array.from(treatment);
  const withTreatment: Columns = { rowCount, names: ['(treatment)', ...names], columns: [exposed, ...columns] };
  const ofTreatment = onScales(scales, exposed);
  const outcomeTs = tStatistics(withTreatment, ofTreatment, outcome);
  const treatmentTs = tStatistics(covariates, scales, exposed);
  const { coefficient: estimate, standardError } = outcomeTs[0]!;
  const f = Math.abs(estimate / standardError) / Math.sqrt(degreesOfFreedom);
  const critical = twoSidedQuantile(alpha, degreesOfFreedom - 1) / Math.sqrt(degreesOfFreedom - 1);
  const benchmarks = columns.flatMap((_, j): Benchmark[] => {
    const [ofOutcome, ofExposure] = [outcomeTs[j + 1]!, treatmentTs[j]!];
    if (ofOutcome.standardError === 0 || ofExposure.standardError === 0) return [];
    const partial = (t: number, freedom: number): number => (t * t) / (t * t + freedom);
    const r2Outcome = partial(ofOutcome.coefficient / ofOutcome.standardError, degreesOfFreedom);
    const r2Exposure = partial(ofExposure.coefficient / ofExposure.standardError, degreesOfFreedom + 1);
    return [benchmark(names[j] ?? '', { r2Outcome, r2Exposure }, { estimate, standardError, degreesOfFreedom })];
  });
  return {
    estimate,
    standardError,
    partialRSquared: (f * f) / (1 + f * f),
    value: valueOf(f),
    valueForSignificance: valueOf(Math.max(0, f - critical)),
    benchmarks: benchmarks.toSorted((a, b) => Math.abs(a.adjustedEstimate) - Math.abs(b.adjustedEstimate)),
  };
}

function valueOf(f: number): number {
  return (Math.sqrt(f ** 4 + 4 * f * f) - f * f) / 2;
}

function benchmark(
  covariate: string,
  { r2Outcome, r2Exposure }: { readonly r2Outcome: number; readonly r2Exposure: number },
  {
    estimate,
    standardError,
    degreesOfFreedom,
  }: { readonly estimate: number; readonly standardError: number; readonly degreesOfFreedom: number },
): Benchmark {
  const withTreatment = Math.min(0.999, r2Exposure / (1 - r2Exposure));
  const left = Math.min(0.999, r2Exposure ** 2 / ((1 - r2Exposure) * (1 - r2Exposure)));
  const strength = (1 + Math.sqrt(left)) / Math.sqrt(1 - left);
  const withOutcome = Math.min(1, (strength * strength * r2Outcome) / (1 - r2Outcome));
  const bias =
    Math.sqrt((withOutcome * withTreatment) / (1 - withTreatment)) * standardError * Math.sqrt(degreesOfFreedom);
  const adjustedEstimate = Math.sign(estimate) * (Math.abs(estimate) - bias);
  return { covariate, withTreatment, withOutcome, adjustedEstimate, isOverturned: bias >= Math.abs(estimate) };
}

function onScales({ means, deviations }: ColumnScales, column: Float64Array): ColumnScales {
  const mean = column.reduce((sum, of) => sum + of, 0) / column.length;
  const deviation = Math.sqrt(column.reduce((sum, of) => sum + (of - mean) ** 2, 0) / (column.length - 1));
  return { means: Float64Array.of(mean, ...means), deviations: Float64Array.of(deviation, ...deviations) };
}

/** Coefficients in the unit of the columns with their classical standard errors; 0 and 0 for a column that depends on others. */
function tStatistics(covariates: Columns, scales: ColumnScales, outcome: Float64Array) {
  const { rowCount, columns } = covariates;
  const [gram] = gramsOf(covariates, outcome, scales, new Uint8Array(rowCount), 1);
  if (gram === undefined) throw new RangeError('least squares: there are no rows');
  const model = linearModel(gram, scales);
  const kept = columns.length - model.dropped.length;
  const variance = residualSquares(gram, model.slopes, scales) / (rowCount - kept - 1);
  return columns.map((_, j) => {
    const unit = new Float64Array(columns.length + 1);
    unit[j + 1] = 1;
    const inverse = model.factored.solve(unit)[j + 1]!;
    return { coefficient: model.slopes[j]!, standardError: Math.sqrt(variance * inverse) / scales.deviations[j]! };
  });
}

/** Squares of the residuals from the cross products: those of the outcome about its mean less what the columns explain. */
function residualSquares({ products, size, total }: Gram, slopes: Float64Array, { deviations }: ColumnScales): number {
  const last = size - 1;
  const mean = products[last * size]! / total;
  let squares = products[last * size + last]! - total * mean * mean;
  for (let j = 0; j < slopes.length; j += 1) {
    const centred = products[last * size + j + 1]! - mean * products[(j + 1) * size]!;
    squares -= slopes[j]! * deviations[j]! * centred;
  }
  return Math.max(0, squares);
}
