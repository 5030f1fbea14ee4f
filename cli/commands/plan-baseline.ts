import { parseMetric } from '../../analyze/experiment/metric-expression.ts';
import { evenArrivals } from '../../analyze/plan/arrivals.ts';
import { clusteredBaseline } from '../../analyze/plan/clusters.ts';
import type { PlanRequest } from '../../analyze/plan/plan.ts';
import type { Baseline } from '../../estimators/planning/plan.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';
import { finite, positive, shareOf } from './option-numbers.ts';
import {
  isForeign,
  metricsOf,
  pastRequestOf,
  withPastSource,
  withPastWarehouse,
  type PastOptions,
} from './past-warehouse.ts';

/** The options that say what units are like today. */
export interface BaselineOptions extends Omit<PastOptions, 'warehouse'> {
  readonly from?: string;
  readonly warehouse?: string;
  readonly covariate: readonly string[];
  readonly date?: string;
  readonly baselineMean?: string;
  readonly baselineSd?: string;
  readonly baselineRate?: string;
  readonly varianceRemoved?: string;
  readonly design: string;
  readonly cluster?: string;
  readonly clusterSize?: string;
  readonly sizeVariation?: string;
  readonly icc?: string;
}

export type FromBaseline = Pick<
  PlanRequest,
  'baseline' | 'clusters' | 'warnings' | 'source' | 'varianceRemovedRatio' | 'arrivals'
>;

/** What units are like as they are today: as given, from a file, or from the platform's own past. */
export async function baselineOf(shell: Shell, options: BaselineOptions): Promise<FromBaseline> {
  const { from, warehouse, baselineMean, baselineSd, baselineRate } = options;
  const removed = options.varianceRemoved;
  const given =
    removed === undefined ? {} : { varianceRemovedRatio: shareOf('--variance-removed', removed, { least: 0 }) };
  refuseStray(options);
  if (from === undefined && warehouse === undefined)
    return { ...clustered(options), source: 'as given', varianceRemovedRatio: 0, arrivals: null, ...given };
  const numbers = [baselineMean, baselineSd, baselineRate].filter((each) => each !== undefined);
  if (numbers.length > 0)
    throw new UsageError('give the baseline either as numbers, or as a file with --from, or as a --warehouse');
  if (warehouse !== undefined) return { ...(await ofWarehouse(shell, { ...options, warehouse })), ...given };
  return { ...(await ofFile({ ...options, from: from ?? '' })), ...given };
}

/** The numbers as they are given, of units or of clusters. */
function clustered(options: BaselineOptions): Pick<FromBaseline, 'baseline' | 'clusters'> {
  const units = baselineOfNumbers(options);
  if (options.design !== 'cluster') return { baseline: units, clusters: null };
  const { clusterSize, icc, sizeVariation = '0' } = options;
  if (clusterSize === undefined || icc === undefined)
    throw new UsageError(
      '--design cluster without a file needs --cluster-size and --icc, the intracluster correlation',
    );
  return clusteredBaseline(units, {
    unitsPerCluster: positive('--cluster-size', clusterSize),
    sizeVariationRatio: shareOf('--size-variation', sizeVariation, { least: 0, most: Infinity }),
    intraclusterCorrelation: shareOf('--icc', icc, { least: 0 }),
  });
}

const OF_NUMBERS = { clusterSize: '--cluster-size', sizeVariation: '--size-variation', icc: '--icc' } as const;
const OF_WAREHOUSE = { metrics: '--metrics', beganWith: '--began-with', since: '--since', until: '--until' } as const;

function refuseStray(options: BaselineOptions): void {
  const { from, warehouse, covariate, date, design } = options;
  const isCluster = design === 'cluster';
  if (!isCluster && options.cluster !== undefined) throw new UsageError('--cluster belongs to --design cluster');
  if (isCluster && (from ?? warehouse) !== undefined && options.cluster === undefined)
    throw new UsageError(
      '--design cluster needs --cluster: the column, or the property of events, that says which one a unit belongs to',
    );
  for (const [name, option] of Object.entries(OF_NUMBERS))
    if (Object.hasOwn(options, name) && (!isCluster || from !== undefined || warehouse !== undefined))
      throw new UsageError(`${option} belongs to --design cluster without a file; a file tells it`);
  if (isCluster && date !== undefined) throw new UsageError('--date counts units a day; clusters do not come by day');
  if (from !== undefined && warehouse !== undefined) throw new UsageError('give either --from or --warehouse');
  if (warehouse !== undefined) {
    if (covariate.length > 0)
      throw new UsageError("--covariate is a column of a file; a metric's document says its covariate");
    if (date !== undefined) throw new UsageError('--date is a column of a file; events say when they happened');
    return;
  }
  for (const [name, option] of Object.entries(OF_WAREHOUSE))
    if (Object.hasOwn(options, name)) throw new UsageError(`${option} belongs to --warehouse`);
}

async function ofFile(options: BaselineOptions & { readonly from: string }): Promise<FromBaseline> {
  const { from, unit, metric, covariate, date, cluster } = options;
  const [expression, ...others] = metric;
  if (unit === undefined || expression === undefined) throw new UsageError('--from needs --unit and --metric');
  if (others.length > 0) throw new UsageError('plan for one --metric at a time: the one that decides');
  // DuckDB is only loaded by the commands that need it.
  const { readHistory } = await import('../../analyze/plan/history.ts');
  const request = {
    file: from,
    unit,
    metric: parseMetric(expression),
    covariates: covariate,
    date: date ?? null,
    ...(cluster === undefined ? {} : { cluster }),
  };
  const { unitCount, dailyUnits, ...history } = await readHistory(request);
  const arrivals = dailyUnits === null ? null : evenArrivals(dailyUnits);
  return { ...history, source: `${expression} of ${unitCount} units in ${from}`, arrivals };
}

async function ofWarehouse(shell: Shell, options: BaselineOptions & PastOptions): Promise<FromBaseline> {
  const { cluster } = options;
  if (cluster !== undefined) return await ofWarehouseClusters(shell, { ...options, cluster });
  const { readPastHistory } = await import('../../analyze/past/past-history.ts');
  const request = pastRequestOf(shell, options);
  return await withPastSource(options, shell, async (source) => {
    const [metric, ...others] = source.metrics;
    if (metric === undefined || others.length > 0)
      throw new UsageError('plan for one --metric at a time, by its key: the one that decides');
    const { unitCount, from, until, ...rest } = await readPastHistory(source, request);
    const time = `${from.slice(0, 10)} to ${until.slice(0, 10)}`;
    return { ...rest, source: `${metric.key} of ${unitCount} ${request.unitType}s in ${options.warehouse}, ${time}` };
  });
}

async function ofWarehouseClusters(
  shell: Shell,
  options: BaselineOptions & PastOptions & { readonly cluster: string },
): Promise<FromBaseline> {
  const { warehouse, cluster } = options;
  if (isForeign(warehouse))
    throw new UsageError(
      '--design cluster reads a file, or the events of the platform, not a document of umpire connect',
    );
  const [metric, ...others] = await metricsOf(options);
  if (metric === undefined || others.length > 0)
    throw new UsageError('plan for one --metric at a time, by its key: the one that decides');
  const { readPastClusters } = await import('../../analyze/past/past-clusters.ts');
  const request = { ...pastRequestOf(shell, options), cluster };
  const { unitCount, from, until, ...rest } = await withPastWarehouse(warehouse, shell, (opened) =>
    readPastClusters(opened, request, metric),
  );
  const time = `${from.slice(0, 10)} to ${until.slice(0, 10)}`;
  return { ...rest, source: `total ${metric.key} by ${cluster}, ${unitCount} of them, in ${warehouse}, ${time}` };
}

function baselineOfNumbers({ baselineMean, baselineSd, baselineRate }: BaselineOptions): Baseline {
  if (baselineRate !== undefined) {
    if ((baselineMean ?? baselineSd) !== undefined)
      throw new UsageError('give either --baseline-rate or --baseline-mean with --baseline-sd');
    return { kind: 'proportion', rate: shareOf('--baseline-rate', baselineRate) };
  }
  if (baselineMean === undefined || baselineSd === undefined)
    throw new UsageError('give --baseline-mean and --baseline-sd, or --baseline-rate, or --from a file');
  return {
    kind: 'mean',
    mean: finite('--baseline-mean', baselineMean),
    standardDeviation: positive('--baseline-sd', baselineSd),
  };
}
