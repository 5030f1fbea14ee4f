import { jointMomentsFromSums, momentsAt } from '../../estimators/joint-moments.ts';
import { linearizedRatios } from '../../estimators/metrics/ratio.ts';
import type { Moments } from '../../estimators/moments.ts';
import { FILE_ROWS, type FileRows } from '../input/file-rows.ts';
import { compareMoments } from './compare.ts';
import { unitSql } from './design.ts';
import type { MetricExpression } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';
import type { DayReading, MetricReading } from './result.ts';
import { UNITS } from './units.ts';

/** Below this many units in an arm a day is not read. */
const MINIMUM_UNITS = 30;
const MOST_DAYS = 28;

/**
 * The primary metric by day since a unit's first row (0 is that day), each day on its own: over the units that had this day within the file,
 * where a unit without rows counts as 0. An effect that fades is a novelty, one that grows was learnt. Days are not corrected for their
 * number, nor adjusted by covariates. Empty without dates, for clusters and switchbacks, and for metrics that do not add up by day.
 */
export async function readDays(
  rows: FileRows,
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
): Promise<readonly DayReading[]> {
  const [metric] = request.metrics;
  const values = metric === undefined ? null : dayValues(rows, metric);
  if (metric === undefined || values === null || request.date === null || request.design.kind !== 'user') return [];
  const eligible = await eligibleUnits(rows, request.date);
  const sums = await sumsByDay(rows, request, request.date, values);
  const readings: DayReading[] = [];
  for (let day = 0; day < MOST_DAYS; day += 1)
    for (const { arm } of metrics[0]?.comparisons ?? []) {
      const of = (label: string): Moments | null =>
        momentsOf(
          sums.find((each) => each.arm === label && each.day === day),
          eligible(label, day),
          metric,
        );
      const [control, treatment] = [of(request.control), of(arm)];
      if (control === null || treatment === null || control.variance + treatment.variance === 0) continue;
      const { absolute, relative, pValue } = compareMoments(control, treatment, request);
      const units = { control: control.count, arm: treatment.count };
      const means = { control: control.mean, arm: treatment.mean };
      readings.push({ day, arm, metric: metric.expression, units, means, absolute, relative, pValue });
    }
  // A single day is the whole file again.
  return new Set(readings.map(({ day }) => day)).size > 1 ? readings : [];
}

interface Values {
  readonly v: string;
  readonly w: string;
}

/** SQL of a unit's value on a day; null where the metric is no sum. */
export function dayValues(rows: FileRows, metric: MetricExpression): Values | null {
  const total = (column: string): string => `COALESCE(SUM(${rows.number(column)}), 0)`;
  switch (metric.type) {
    case 'ratio':
      return { v: total(metric.numerator), w: total(metric.denominator) };
    case 'quantile':
    case 'distinct':
      return null;
    case 'proportion':
      return metric.column === null ? null : { v: `LEAST(${total(metric.column)}, 1)`, w: '1' };
    case 'mean':
    case 'sum':
    case 'count':
      return { v: metric.column === null ? 'CAST(COUNT(*) AS DOUBLE)' : total(metric.column), w: '1' };
  }
}

interface DaySums {
  readonly arm: string;
  readonly day: number;
  readonly v: number;
  readonly w: number;
  readonly vv: number;
  readonly vw: number;
  readonly ww: number;
}

async function sumsByDay(
  rows: FileRows,
  request: ExperimentRequest,
  date: string,
  { v, w }: Values,
): Promise<readonly DaySums[]> {
  const unit = unitSql(rows, request);
  return await rows.warehouse.query<{ [K in keyof DaySums]: DaySums[K] }>({
    sql: `
-- One row per arm and day since the unit's first row: sums over its units with rows that day.
SELECT arm, day, SUM(v) AS v, SUM(w) AS w, SUM(v * v) AS vv, SUM(v * w) AS vw, SUM(w * w) AS ww FROM (
  SELECT units.arm, date_diff('day', units.first_day, CAST(${rows.time(date)} AS DATE)) AS day, ${v} AS v, ${w} AS w
  FROM ${FILE_ROWS} AS file JOIN ${UNITS} AS units ON units.unit = ${unit}
  WHERE ${rows.time(date)} IS NOT NULL
  GROUP BY units.rowid, units.arm, day
) AS days WHERE day BETWEEN 0 AND ${MOST_DAYS - 1} GROUP BY arm, day`,
    parameters: {},
  });
}

/** How many units of an arm had a day since their first row within the file. */
async function eligibleUnits(rows: FileRows, date: string): Promise<(arm: string, day: number) => number> {
  const found = await rows.warehouse.query<{ arm: string; days_left: number; units: number }>({
    sql: `
SELECT arm, date_diff('day', first_day, (SELECT MAX(CAST(${rows.time(date)} AS DATE)) FROM ${FILE_ROWS})) AS days_left, COUNT(*) AS units
FROM ${UNITS} WHERE first_day IS NOT NULL GROUP BY arm, days_left`,
    parameters: {},
  });
  return (arm, day) =>
    found.filter((each) => each.arm === arm && each.days_left >= day).reduce((sum, { units }) => sum + units, 0);
}

function momentsOf(sums: DaySums | undefined, count: number, { type }: MetricExpression): Moments | null {
  if (sums === undefined || count < MINIMUM_UNITS) return null;
  const { v, w, vv, vw, ww } = sums;
  const products = [
    [vv, vw],
    [vw, ww],
  ];
  const joint = jointMomentsFromSums({ count, centres: [0, 0], sums: [v, w], products });
  if (type !== 'ratio') return momentsAt(joint, 0);
  return w > 0 ? momentsAt(linearizedRatios(joint, [{ numerator: 0, denominator: 1 }]), 0) : null;
}
