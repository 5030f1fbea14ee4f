import type { Baseline } from '../../estimators/planning/plan.ts';
import { cupedSeveral } from '../../estimators/variance/cuped-several.ts';
import { readClusterSums } from '../experiment/cluster-estimates.ts';
import { clustersOf, type PlannedClusters } from './clusters.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { MetricExpression } from '../experiment/metric-expression.ts';
import { readLinearized } from '../experiment/metric-moments.ts';
import { UNITS } from '../experiment/units.ts';
import { loadHistory } from '../history/load-history.ts';
import type { FileRows } from '../input/file-rows.ts';
import { withScratchWarehouse } from '../input/scratch-warehouse.ts';

export interface HistoryRequest {
  readonly file: string;
  readonly unit: string;
  readonly metric: MetricExpression;
  readonly covariates: readonly string[];
  /** The column that says when; with it the units a day are counted. */
  readonly date: string | null;
  /** Where clusters will be randomized: the column that says which one a unit belongs to. */
  readonly cluster?: string;
}

/** What units were like before the experiment. */
export interface History {
  readonly baseline: Baseline;
  readonly varianceRemovedRatio: number;
  readonly unitCount: number;
  /** Where clusters will be randomized: the baseline is then one of clusters. */
  readonly clusters: PlannedClusters | null;
  /** Units first seen a day; null without a date. */
  readonly dailyUnits: number | null;
}

/** @throws AnalyzeError where the file cannot be read as asked, with the column and the row where there is one */
export async function readHistory({ metric, ...asked }: HistoryRequest): Promise<History> {
  return await withScratchWarehouse(async (warehouse) => {
    const { date, unit, cluster } = asked;
    const { rows, readings, unitCount } = await loadHistory(warehouse, { ...asked, metrics: [metric] });
    const [reading] = readings;
    if (reading === undefined) throw new RangeError('a history has a metric');
    const [all] = await readLinearized(warehouse, reading);
    if (all === undefined)
      throw new AnalyzeError(
        `metric ${metric.expression}: fewer than 2 ${cluster === undefined ? 'units' : 'clusters'} have a value`,
      );
    const { control, varianceRemovedRatio } = cupedSeveral(all.moments, all.moments);
    const mean = all.moments.means[0] ?? control.mean;
    const variance = all.moments.covariances[0]?.[0] ?? NaN;
    if (!(variance > 0))
      throw new AnalyzeError(
        `metric ${metric.expression}: every ${cluster === undefined ? 'unit' : 'cluster'} has ${mean}; nothing varies`,
      );
    const isRate = metric.type === 'proportion' && cluster === undefined;
    return {
      baseline: isRate
        ? { kind: 'proportion', rate: mean }
        : { kind: 'mean', mean, standardDeviation: Math.sqrt(variance) },
      varianceRemovedRatio: Math.max(0, varianceRemovedRatio),
      unitCount: cluster === undefined ? all.moments.count : unitCount,
      clusters:
        cluster === undefined ? null : clustersOf(await readClusterSums(warehouse, reading), { mean, variance }),
      dailyUnits: date === null ? null : await unitsADay(rows, date, unit),
    };
  });
}

/** Units over the days from the first to the last one on which a unit was first seen. */
async function unitsADay({ warehouse, time, text }: FileRows, date: string, unit: string): Promise<number> {
  const [found] = await warehouse.query<{ units: number; days: number }>({
    sql: `
SELECT COUNT(*) AS units, date_diff('day', MIN(first_day), MAX(first_day)) + 1 AS days
FROM (SELECT CAST(MIN(${time(date)}) AS DATE) AS first_day FROM file_rows GROUP BY ${text(unit)}) AS ${UNITS}_by_day`,
    parameters: {},
  });
  return found === undefined ? 0 : found.units / found.days;
}
