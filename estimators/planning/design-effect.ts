/**
 * How much larger the variance of a mean is because whole clusters are randomized: 1 + ((1 + cv²) m − 1) ρ, for clusters of m units on average, whose
 * sizes vary by cv (standard deviation over mean), and where two units of a cluster correlate by ρ.
 *
 * Source: S. M. Eldridge, D. Ashby, S. Kerry, "Sample size for cluster randomized trials: effect of coefficient of variation of cluster size and analysis
 * method", International Journal of Epidemiology 35 (2006), 1292–1300, equation 2.
 *
 * @throws RangeError for sizes below 1, a variation below 0, or a correlation outside [0, 1]
 */
export function designEffectOf({
  unitsPerCluster,
  sizeVariationRatio,
  intraclusterCorrelation,
}: {
  readonly unitsPerCluster: number;
  readonly sizeVariationRatio: number;
  readonly intraclusterCorrelation: number;
}): number {
  if (!(unitsPerCluster >= 1 && Number.isFinite(unitsPerCluster)))
    throw new RangeError(`design effect: a cluster has at least 1 unit, got ${unitsPerCluster}`);
  if (!(sizeVariationRatio >= 0 && Number.isFinite(sizeVariationRatio)))
    throw new RangeError(`design effect: the variation of sizes is at least 0, got ${sizeVariationRatio}`);
  if (!(intraclusterCorrelation >= 0 && intraclusterCorrelation <= 1))
    throw new RangeError(
      `design effect: the intracluster correlation lies between 0 and 1, got ${intraclusterCorrelation}`,
    );
  return 1 + ((1 + sizeVariationRatio ** 2) * unitsPerCluster - 1) * intraclusterCorrelation;
}
