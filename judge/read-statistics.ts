import type { MetricStatistics } from '../scorecard/build.ts';
import { readableSums } from '../scorecard/metric-statistics.ts';
import type { ScorecardRow } from '../warehouse-sql/compose-scorecard.ts';

/**
 * One metric in one variant; of a quotient, its linearized number per unit. None where a quotient has nothing yet to divide by.
 *
 * @throws RangeError for a metric that was not asked
 */
export function readStatistics(row: ScorecardRow, metricKeys: readonly string[]): MetricStatistics[] {
  const metricKey = metricKeys[row.metric];
  if (metricKey === undefined)
    throw new RangeError(`the warehouse answered for metric ${row.metric}, which was not asked`);
  const sums = readableSums({
    count: row.units,
    sumY: row.sum_y,
    sumYY: row.sum_yy,
    sumX: row.sum_x,
    sumXX: row.sum_xx,
    sumXY: row.sum_xy,
    sumD: row.sum_d,
    sumDD: row.sum_dd,
    sumYD: row.sum_yd,
    sumXD: row.sum_xd,
  });
  return sums === null ? [] : [{ metricKey, variant: row.variant, ...sums }];
}
