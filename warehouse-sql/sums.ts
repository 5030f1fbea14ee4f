import { isQuotient } from '../definitions/metric.ts';
import type { Dialect } from './dialect.ts';
import type { CountedMetric } from './sources.ts';

/** The columns of every row of statistics. Those of d, the denominator, are NULL where a metric is no quotient. */
export const SUM_COLUMNS = [
  'units',
  'sum_y',
  'sum_yy',
  'sum_x',
  'sum_xx',
  'sum_xy',
  'sum_d',
  'sum_dd',
  'sum_yd',
  'sum_xd',
] as const;
export const SUMS = SUM_COLUMNS.join(', ');

/** `SUMS` of one metric over the units of a group. */
export function sumsOf(dialect: Dialect, metric: CountedMetric, index: number): string {
  const [y, x, d] = [`y_${index}`, `x_${index}`, `d_${index}`];
  const ofDenominator = { sum_d: d, sum_dd: `${d} * ${d}`, sum_yd: `${y} * ${d}`, sum_xd: `${x} * ${d}` };
  return [
    'COUNT(*) AS units',
    `SUM(${y}) AS sum_y`,
    `SUM(${y} * ${y}) AS sum_yy`,
    `SUM(${x}) AS sum_x`,
    `SUM(${x} * ${x}) AS sum_xx`,
    `SUM(${x} * ${y}) AS sum_xy`,
    ...Object.entries(ofDenominator).map(
      ([name, product]) => `${isQuotient(metric) ? `SUM(${product})` : dialect.toDouble('NULL')} AS ${name}`,
    ),
  ].join(',\n  ');
}
