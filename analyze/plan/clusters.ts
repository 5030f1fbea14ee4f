import { intraclusterCorrelation, type ClusterSums } from '../../estimators/designs/cluster.ts';
import { designEffectOf } from '../../estimators/planning/design-effect.ts';
import type { Baseline } from '../../estimators/planning/plan.ts';

/** What clusters are like that will be randomized. */
export interface PlannedClusters {
  /** In history; null where the numbers were given. */
  readonly clusterCount: number | null;
  readonly unitsPerCluster: number;
  /** Standard deviation of the clusters' sizes over their mean. */
  readonly sizeVariationRatio: number;
  /** Null where nobody knows, as of a ratio. */
  readonly intraclusterCorrelation: number | null;
  /** The variance of the mean over what it would be if units were independent; null where nobody knows. */
  readonly designEffect: number | null;
}

/**
 * What a history says of clusters. Their design effect is measured: no equal correlation of all units of a cluster is assumed, and the sizes are as they
 * are.
 *
 * @param byCluster the mean over units, and the variance between clusters of their contributions to it (delta method)
 */
export function clustersOf(
  sums: readonly ClusterSums[],
  byCluster: { readonly mean: number; readonly variance: number },
): PlannedClusters {
  const own = sums.filter(({ count }) => count > 0);
  const clusterCount = own.length;
  const unitCount = own.reduce((total, { count }) => total + count, 0);
  const size = unitCount / clusterCount;
  const sizeVariance = own.reduce((total, { count }) => total + (count - size) ** 2, 0) / (clusterCount - 1);
  const squares = own.reduce((total, { sumOfSquares = NaN }) => total + sumOfSquares, 0);
  const unitVariance = (squares - unitCount * byCluster.mean ** 2) / (unitCount - 1);
  const isKnown = unitVariance > 0 && unitCount > clusterCount && clusterCount > 2;
  return {
    clusterCount,
    unitsPerCluster: size,
    sizeVariationRatio: Math.sqrt(sizeVariance) / size,
    intraclusterCorrelation: isKnown ? intraclusterCorrelation(own).correlation : null,
    designEffect: isKnown ? byCluster.variance / clusterCount / (unitVariance / unitCount) : null,
  };
}

export interface GivenClusters {
  readonly unitsPerCluster: number;
  readonly sizeVariationRatio: number;
  readonly intraclusterCorrelation: number;
}

/**
 * The baseline of clusters from the one of units.
 *
 * @throws RangeError for clusters that cannot be
 */
export function clusteredBaseline(
  units: Baseline,
  given: GivenClusters,
): { readonly baseline: Baseline; readonly clusters: PlannedClusters } {
  const designEffect = designEffectOf(given);
  const [mean, deviation] =
    units.kind === 'mean'
      ? [units.mean, units.standardDeviation]
      : [units.rate, Math.sqrt(units.rate * (1 - units.rate))];
  const standardDeviation = deviation * Math.sqrt(designEffect / given.unitsPerCluster);
  return {
    baseline: { kind: 'mean', mean, standardDeviation },
    clusters: { clusterCount: null, ...given, designEffect },
  };
}
