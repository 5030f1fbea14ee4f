import { readByStudent, type DesignedEffect } from './effect-reading.ts';

/** Sums over the units of one cluster, all of which have the cluster's arm. */
export interface ClusterSums {
  readonly cluster: string;
  readonly isTreated: boolean;
  /** Units, or a ratio's denominator. */
  readonly count: number;
  /** Sum of the outcome over the units. */
  readonly total: number;
  /** Sum of the outcome's squares over the units; for the intracluster correlation only. */
  readonly sumOfSquares?: number;
}

export interface ClusterArm {
  readonly clusterCount: number;
  readonly unitCount: number;
  /** Per unit. */
  readonly mean: number;
}

export interface ClusterResult {
  /** Treatment minus control, per unit. */
  readonly effect: DesignedEffect;
  readonly control: ClusterArm;
  readonly treatment: ClusterArm;
  /** Of control's mean. */
  readonly controlStandardError: number;
  readonly method: string;
}

export interface ClusterOptions {
  /** Two-sided error level of one look, default 0.05. */
  readonly alpha?: number;
  /** CR2 (default): unbiased for independent units, with Bell & McCaffrey's degrees of freedom; CR1: as statsmodels and Stata, G − 1. */
  readonly correction?: 'CR1' | 'CR2';
}

/**
 * Difference of two means over units that were randomized in clusters: cluster-robust, for few clusters too. The clusters are the units of the
 * randomization; with an arm of one cluster there is nothing to read.
 *
 * For a regression on the arm alone CR2's matrix (I − H)^(−1/2) acts on a cluster of n_g units in an arm of N as 1 / √(1 − n_g / N), so that
 * sums over clusters are enough: V = Σ_g (Σ e)² / (1 − n_g / N) / N² in each arm. The degrees of freedom are Satterthwaite's for independent
 * units of equal variance.
 *
 * Sources: R. M. Bell, D. F. McCaffrey, Survey Methodology 28 (2002), 169–181; G. W. Imbens, M. Kolesár, Review of Economics and Statistics
 * 98 (2016), 701–712.
 *
 * @throws RangeError for a cluster in both arms or twice, numbers that cannot be, or an arm with fewer than two clusters
 */
export function readClusters(clusters: readonly ClusterSums[], options: ClusterOptions = {}): ClusterResult {
  const { alpha = 0.05, correction = 'CR2' } = options;
  assertClusters(clusters);
  const control = variationOf(clusters, false, correction);
  const treatment = variationOf(clusters, true, correction);
  const clusterCount = control.arm.clusterCount + treatment.arm.clusterCount;
  const unitCount = control.arm.unitCount + treatment.arm.unitCount;
  // Stata's and statsmodels' correction for few clusters and two parameters.
  const factor = correction === 'CR1' ? (clusterCount / (clusterCount - 1)) * ((unitCount - 1) / (unitCount - 2)) : 1;
  const degreesOfFreedom =
    correction === 'CR1'
      ? clusterCount - 1
      : (control.trace + treatment.trace) ** 2 / (control.traceOfSquare + treatment.traceOfSquare);
  const effect = {
    estimate: treatment.arm.mean - control.arm.mean,
    standardError: Math.sqrt(factor * (control.variance + treatment.variance)),
    degreesOfFreedom,
  };
  return {
    effect: readByStudent('clusters', effect, alpha),
    control: control.arm,
    treatment: treatment.arm,
    controlStandardError: Math.sqrt(factor * control.variance),
    method: correction === 'CR2' ? 'cluster-robust CR2, Bell–McCaffrey degrees of freedom' : 'cluster-robust CR1',
  };
}

interface Variation {
  readonly arm: ClusterArm;
  readonly variance: number;
  /** tr(B'B) and tr((B'B)²) with B the residual-makers of the clusters' contributions to the variance. */
  readonly trace: number;
  readonly traceOfSquare: number;
}

function variationOf(clusters: readonly ClusterSums[], isTreated: boolean, correction: 'CR1' | 'CR2'): Variation {
  const own = clusters.filter((cluster) => cluster.isTreated === isTreated && cluster.count > 0);
  if (own.length < 2) {
    throw new RangeError(
      `clusters: needs at least 2 clusters in ${isTreated ? 'treatment' : 'control'}, got ${own.length}`,
    );
  }
  const unitCount = own.reduce((sum, { count }) => sum + count, 0);
  const mean = own.reduce((sum, { total }) => sum + total, 0) / unitCount;
  let [variance, trace, ownSquares, weighted, weightedSquares] = [0, 0, 0, 0, 0];
  for (const { count, total } of own) {
    const kept = 1 - count / unitCount;
    variance += (total - mean * count) ** 2 / (correction === 'CR2' ? kept : 1) / unitCount ** 2;
    // Diagonal of B'B; off it −w_g w_h / N with w = n / (N √(1 − n / N)).
    const diagonal = count / unitCount ** 2;
    const square = (count / unitCount) ** 2 / kept;
    trace += diagonal;
    ownSquares += diagonal ** 2;
    weighted += square;
    weightedSquares += square ** 2;
  }
  const traceOfSquare = ownSquares + (weighted ** 2 - weightedSquares) / unitCount ** 2;
  return { arm: { clusterCount: own.length, unitCount, mean }, variance, trace, traceOfSquare };
}

export interface IntraclusterCorrelation {
  /** One-way analysis of variance within arms; can be slightly below 0. */
  readonly correlation: number;
  /** Factor by which clustering inflates the variance of the mean: 1 + (m − 1) ρ with m = Σ n_g² / Σ n_g. At least 1 is not forced. */
  readonly designEffect: number;
  /** Independent units that would tell as much. */
  readonly effectiveCount: number;
}

/**
 * Intracluster correlation by analysis of variance, with the arms' means taken out (of a history, which has one arm, its mean), and what it costs.
 *
 * Source: A. Donner, N. Klar, "Design and analysis of cluster randomization trials in health research" (2000), sections 1.4 and 6.2.
 *
 * @throws RangeError without sums of squares, for clusters that cannot be, or where every cluster has a single unit
 */
export function intraclusterCorrelation(clusters: readonly ClusterSums[]): IntraclusterCorrelation {
  assertClusters(clusters);
  const unitCount = clusters.reduce((sum, { count }) => sum + count, 0);
  let [between, within, size] = [0, 0, unitCount];
  const arms = [false, true].filter((isTreated) => clusters.some((cluster) => cluster.isTreated === isTreated));
  for (const isTreated of arms) {
    const own = clusters.filter((cluster) => cluster.isTreated === isTreated && cluster.count > 0);
    const { arm } = variationOf(clusters, isTreated, 'CR1');
    for (const { cluster, count, total, sumOfSquares } of own) {
      if (sumOfSquares === undefined) throw new RangeError(`clusters: "${cluster}" lacks its sum of squares`);
      between += count * (total / count - arm.mean) ** 2;
      within += Math.max(0, sumOfSquares - total ** 2 / count);
      size -= count ** 2 / arm.unitCount;
    }
  }
  const clusterCount = clusters.filter(({ count }) => count > 0).length;
  if (unitCount <= clusterCount)
    throw new RangeError('clusters: with one unit a cluster there is no correlation within');
  const betweenMean = between / (clusterCount - arms.length);
  const withinMean = within / (unitCount - clusterCount);
  const typicalSize = size / (clusterCount - arms.length);
  const spread = betweenMean + (typicalSize - 1) * withinMean;
  if (!(spread > 0)) throw new RangeError('clusters: the outcome does not vary');
  const correlation = (betweenMean - withinMean) / spread;
  const weightedSize = clusters.reduce((sum, { count }) => sum + count ** 2, 0) / unitCount;
  const designEffect = 1 + (weightedSize - 1) * correlation;
  return { correlation, designEffect, effectiveCount: unitCount / Math.max(designEffect, 1 / unitCount) };
}

function assertClusters(clusters: readonly ClusterSums[]): void {
  const seen = new Set<string>();
  for (const { cluster, count, total } of clusters) {
    if (seen.has(cluster)) throw new RangeError(`clusters: "${cluster}" is there twice; give one row a cluster`);
    seen.add(cluster);
    if (!Number.isFinite(total) || !Number.isFinite(count) || count < 0)
      throw new RangeError(`clusters: "${cluster}" has total ${total} and count ${count}`);
  }
}
