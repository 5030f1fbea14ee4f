import type { Moments } from '../moments.ts';

/** One part of the population, known before the treatment, in both arms. */
export interface Stratum {
  /** For errors. */
  readonly name: string;
  readonly control: Moments;
  readonly treatment: Moments;
}

export interface PostStratified {
  /** Each arm as if it had the strata in the shares that all units have: count, mean, and the variance whose share by count is that of the mean. */
  readonly control: Moments;
  readonly treatment: Moments;
  /** Share of the variance of the difference that the strata removed. */
  readonly varianceRemovedRatio: number;
}

/**
 * Post-stratification: arms are compared within strata, and the differences averaged with the shares that the strata have among all units, so that
 * a chance imbalance of strata between the arms does not count as an effect. The variance is the one given the sizes of the arms within the
 * strata: Σ w² s² / n over the strata of an arm.
 *
 * Source: L. W. Miratrix, J. S. Sekhon, B. Yu, "Adjusting treatment effect estimates by post-stratification in randomized experiments", Journal of
 * the Royal Statistical Society B 75 (2013), 369–396, equations 4 and 18. The same as the regression with all interactions of W. Lin, Annals of Applied
 * Statistics 7 (2013), 295–318, with HC2 standard errors.
 *
 * @throws RangeError without strata, or for a stratum with fewer than two units in an arm
 */
export function postStratified(strata: readonly Stratum[]): PostStratified {
  if (strata.length === 0) throw new RangeError('post-stratification: there are no strata');
  for (const { name, control, treatment } of strata)
    for (const [arm, { count }] of [['control', control] as const, ['treatment', treatment] as const])
      if (count < 2)
        throw new RangeError(
          `post-stratification: stratum "${name}" has ${count} units in ${arm}; at least 2 are needed, so join it with another`,
        );
  const total = strata.reduce((sum, { control, treatment }) => sum + control.count + treatment.count, 0);
  const shares = strata.map(({ control, treatment }) => (control.count + treatment.count) / total);
  const arm = (of: (stratum: Stratum) => Moments): Moments => {
    const count = strata.reduce((sum, stratum) => sum + of(stratum).count, 0);
    const mean = strata.reduce((sum, stratum, index) => sum + (shares[index] ?? 0) * of(stratum).mean, 0);
    const ofMean = strata.reduce((sum, stratum, index) => {
      const { count: units, variance } = of(stratum);
      return sum + ((shares[index] ?? 0) ** 2 * variance) / units;
    }, 0);
    return { count, mean, variance: count * ofMean };
  };
  const [control, treatment] = [arm((stratum) => stratum.control), arm((stratum) => stratum.treatment)];
  const before = varianceOfDifference(
    pooled(strata.map((stratum) => stratum.control)),
    pooled(strata.map((stratum) => stratum.treatment)),
  );
  const after = varianceOfDifference(control, treatment);
  return { control, treatment, varianceRemovedRatio: before > 0 ? 1 - after / before : 0 };
}

function varianceOfDifference(a: Moments, b: Moments): number {
  return a.variance / a.count + b.variance / b.count;
}

/** The moments of an arm without its strata. */
function pooled(parts: readonly Moments[]): Moments {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const mean = parts.reduce((sum, part) => sum + part.count * part.mean, 0) / count;
  const squares = parts.reduce(
    (sum, part) => sum + (part.count - 1) * part.variance + part.count * (part.mean - mean) ** 2,
    0,
  );
  return { count, mean, variance: squares / (count - 1) };
}
