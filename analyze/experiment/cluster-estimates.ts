import { intraclusterCorrelation, readClusters, type ClusterSums } from '../../estimators/designs/cluster.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { readEffect } from './compare.ts';
import type { MetricEstimates, RawComparison } from './metric-estimates.ts';
import { numbersOf, relationOf, type Reading } from './metric-relation.ts';
import type { Clustering } from './result.ts';

type Sums = ClusterSums & { readonly arm: string; readonly group: string | null };

/**
 * Replaces the absolute effects of means and ratios over clusters by those that are exact for few clusters too (CR2 with Bell and McCaffrey's
 * degrees of freedom), and says what the clustering costs. Where covariates adjust, and for quantiles, effects stay those between cluster sums.
 */
export async function withFewClusters(
  warehouse: Warehouse,
  reading: Reading,
  groups: ReadonlyMap<string | null, MetricEstimates>,
): Promise<ReadonlyMap<string | null, MetricEstimates>> {
  if (reading.metric.type === 'quantile') return groups;
  const sums = await readClusterSums(warehouse, reading);
  return new Map(
    [...groups].map(([group, estimates]) => {
      const own = sums.filter((each) => each.group === group);
      return [group, { ...estimates, compare: (arm) => robust(estimates.compare(arm), own, reading) }];
    }),
  );
}

/** What the clusters of a metric are, by arm and segment. */
export async function readClusterSums(warehouse: Warehouse, reading: Reading): Promise<readonly Sums[]> {
  const { entries, pairs } = numbersOf(reading);
  const place = pairs[0]?.denominator ?? null;
  const count = place === null ? '1' : (entries[place] ?? '1');
  const rows = await warehouse.query<{
    arm: string;
    grp: string | null;
    cluster: string;
    total: number;
    n: number;
    squares: number;
  }>({
    sql: `
-- One row per cluster: its sums over units.
SELECT arm, grp, cluster, CAST(v AS DOUBLE) AS total, CAST(${count} AS DOUBLE) AS n, CAST(vv AS DOUBLE) AS squares
FROM (${relationOf(reading)}) AS clusters`,
    parameters: {},
  });
  return rows.map(({ arm, grp, cluster, total, n, squares }) => ({
    arm,
    group: grp,
    cluster,
    isTreated: arm !== reading.request.control,
    count: n,
    total,
    ...(reading.metric.type === 'ratio' ? {} : { sumOfSquares: squares }),
  }));
}

function robust(comparison: RawComparison, sums: readonly Sums[], reading: Reading): RawComparison {
  const { request, metric } = reading;
  const own = sums.filter(({ arm }) => arm === comparison.arm || arm === request.control);
  try {
    const { effect } = readClusters(own, { alpha: request.alpha });
    const information = { count: own.length, degreesOfFreedom: effect.degreesOfFreedom };
    const { estimate, lower, upper, pValue } = readEffect(effect, information, request);
    const absolute = { estimate, lower, upper, standardError: effect.standardError };
    const clustering = metric.type === 'ratio' ? null : clusteringOf(own);
    if (comparison.unadjusted === null) return { ...comparison, absolute, pValue, clustering };
    return { ...comparison, unadjusted: { ...comparison.unadjusted, ...absolute, pValue }, clustering };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AnalyzeError(`metric ${metric.expression}: ${error.message}`, { cause: error });
  }
}

function clusteringOf(sums: readonly Sums[]): Clustering | null {
  const units = sums.reduce((total, { count }) => total + count, 0);
  if (units <= sums.length || sums.length < 4) return null;
  const { correlation, designEffect, effectiveCount } = intraclusterCorrelation(sums);
  return { intraclusterCorrelation: correlation, designEffect, effectiveUnits: effectiveCount };
}
