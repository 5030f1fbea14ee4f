import type { MetricDefinition } from '../../definitions/metric.ts';
import { intraclusterCorrelation } from '../../estimators/designs/cluster.ts';
import { designEffectOf } from '../../estimators/planning/design-effect.ts';
import { pastClustersQuery } from '../../warehouse-sql/past-queries.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { PlannedClusters } from '../plan/clusters.ts';
import { readPastHistory, type PastHistory } from './past-history.ts';
import { dialectOf, ownPast, type PastWarehouse } from './past-source.ts';
import { pastOf, type PastRequest } from './past-time.ts';

/** What clusters of the past were like, and how they came. */
export interface PastClusterHistory extends PastHistory {
  readonly clusters: PlannedClusters;
}

/**
 * The totals of clusters, which the platform compares where clusters are randomized, and what the units in them say of the clustering.
 *
 * @throws AnalyzeError for a metric that is no total, or where there are too few clusters
 */
export async function readPastClusters(
  warehouse: PastWarehouse,
  request: PastRequest & { readonly cluster: string },
  metric: MetricDefinition,
): Promise<PastClusterHistory> {
  const { type, key, cap, capPercentile } = metric;
  if ((type !== 'count' && type !== 'sum') || cap !== undefined || capPercentile !== undefined)
    throw new AnalyzeError(`metric ${key}: clusters are compared by totals; give a count or a sum without a cap`);
  const { cluster } = request;
  const source = ownPast(warehouse, [metric], request.beganWith);
  const history = await readPastHistory(source, { ...request, unitType: cluster });
  const past = await pastOf(source, request);
  const rows = await warehouse.query(pastClustersQuery(dialectOf(warehouse), past, cluster, metric));
  const sums = rows.map((row) => ({
    cluster: row.cluster,
    isTreated: false,
    count: row.units,
    total: row.sum_y,
    sumOfSquares: row.sum_yy,
  }));
  return { ...history, clusters: clustersOf(sums, history) };
}

interface UnitSums {
  readonly cluster: string;
  readonly isTreated: boolean;
  readonly count: number;
  readonly total: number;
  readonly sumOfSquares: number;
}

function clustersOf(sums: readonly UnitSums[], { unitCount: clusterCount }: PastHistory): PlannedClusters {
  const own = sums.filter(({ count }) => count > 0);
  const units = own.reduce((total, { count }) => total + count, 0);
  if (own.length < 3 || units <= own.length)
    throw new AnalyzeError(
      `only ${own.length} clusters have ${units} units in them that name theirs; three clusters and more units than clusters are the least`,
    );
  const size = units / own.length;
  const sizeVariance = own.reduce((sum, { count }) => sum + (count - size) ** 2, 0) / (own.length - 1);
  const sizeVariationRatio = Math.sqrt(sizeVariance) / size;
  const correlation = intraclusterCorrelation(own).correlation;
  return {
    clusterCount,
    unitsPerCluster: size,
    sizeVariationRatio,
    intraclusterCorrelation: correlation,
    // Of means over units: a cluster's total is read over its own window, so that its variance does not tell.
    designEffect: designEffectOf({
      unitsPerCluster: size,
      sizeVariationRatio,
      intraclusterCorrelation: Math.min(1, Math.max(0, correlation)),
    }),
  };
}
