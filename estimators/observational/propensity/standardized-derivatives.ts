import type { ColumnScales } from '../column-scales.ts';

/** Intercept and slopes of the columns as they are. */
export function unscaled(coefficients: Float64Array, { means, deviations }: ColumnScales): Float64Array {
  const slopes = new Float64Array(coefficients.length);
  let intercept = coefficients[0] ?? 0;
  for (let j = 1; j < coefficients.length; j += 1) {
    const slope = (coefficients[j] ?? 0) / (deviations[j - 1] ?? 1);
    slopes[j] = slope;
    intercept -= slope * (means[j - 1] ?? 0);
  }
  slopes[0] = intercept;
  return slopes;
}

/** The gradient by coefficients of standardized columns, from that by columns as they are. */
export function scaleGradient(raw: Float64Array, { means, deviations }: ColumnScales, gradient: Float64Array): void {
  const total = raw[0]!;
  gradient[0] = total;
  for (let j = 1; j < raw.length; j += 1) gradient[j] = (raw[j]! - means[j - 1]! * total) / deviations[j - 1]!;
}

/** The same for the negative Hessian. */
export function scaleInformation(
  raw: Float64Array,
  { means, deviations }: ColumnScales,
  information: Float64Array,
): void {
  const size = means.length + 1;
  const total = raw[0]!;
  information[0] = total;
  for (let j = 1; j < size; j += 1) {
    const [meanJ, deviationJ, sumJ] = [means[j - 1]!, deviations[j - 1]!, raw[j * size]!];
    information[j * size] = (sumJ - meanJ * total) / deviationJ;
    for (let k = 1; k <= j; k += 1) {
      const [meanK, deviationK, sumK] = [means[k - 1]!, deviations[k - 1]!, raw[k * size]!];
      const centred = raw[j * size + k]! - meanJ * sumK - meanK * sumJ + meanJ * meanK * total;
      information[j * size + k] = centred / (deviationJ * deviationK);
    }
  }
}
