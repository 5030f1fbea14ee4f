import { trendContrasts, type TrendContrast } from '../../estimators/reading/effect-trend.ts';
import { FILE_ROWS, type FileRows } from '../input/file-rows.ts';
import type { Warning } from './check-columns.ts';
import { compareMoments } from './compare.ts';
import { dayValues } from './day-readings.ts';
import { unitSql } from './design.ts';
import type { ExperimentRequest } from './request.ts';
import type { TrendReading } from './context-readings.ts';
import type { MetricReading } from './result.ts';
import { readJointMoments } from './unit-sums.ts';
import { UNITS } from './units.ts';

const FEWEST_DAYS = 3;
const MOST_DAYS = 14;
/** As many days are read as at least this share of each arm's units had. */
const SHARE_OF_UNITS = 0.5;
const MINIMUM_UNITS = 30;

/**
 * How the effect on the primary metric changes over the days since a unit's first row: one slope and two halves per unit, over the units that had all
 * of these days within the file. Empty as the days are, and for ratios, which have no value of a unit on a day.
 */
export async function readTrends(
  rows: FileRows,
  request: ExperimentRequest,
  metrics: readonly MetricReading[],
): Promise<{ readonly readings: readonly TrendReading[]; readonly warnings: readonly Warning[] }> {
  const none = { readings: [], warnings: [] };
  const [metric] = request.metrics;
  const { date, design } = request;
  if (metric === undefined || metric.type === 'ratio' || date === null || design.kind !== 'user') return none;
  const values = dayValues(rows, metric);
  if (values === null) return none;
  const dayCount = await daysOfMost(rows, date);
  if (dayCount < FEWEST_DAYS) return none;
  const arms = await readJointMoments(
    rows.warehouse,
    unitsByDay(rows, request, date, values.v, dayCount),
    Array.from({ length: dayCount }, (_, day) => `day${day}`),
  );
  const momentsOfArm = (label: string) => arms.find(({ arm }) => arm === label)?.moments;
  const control = momentsOfArm(request.control);
  const readings = (metrics[0]?.comparisons ?? []).flatMap(({ arm }): TrendReading[] => {
    const treatment = momentsOfArm(arm);
    if (control === undefined || treatment === undefined) return [];
    const contrasts = trendContrasts(control, treatment);
    if (Object.values(contrasts).some(({ control: c, treatment: t }) => c.variance + t.variance === 0)) return [];
    return [
      {
        metric: metric.expression,
        arm,
        dayCount,
        units: { control: control.count, arm: treatment.count },
        ...readContrasts(contrasts, request),
      },
    ];
  });
  return { readings, warnings: readings.flatMap(fadingWarning) };
}

function readContrasts(
  contrasts: Readonly<Record<'slope' | 'firstHalf' | 'secondHalf', TrendContrast>>,
  request: ExperimentRequest,
) {
  const read = ({ control, treatment }: TrendContrast) => {
    const { absolute, pValue } = compareMoments(control, treatment, request);
    return { ...absolute, pValue };
  };
  const slope = read(contrasts.slope);
  const firstHalf = read(contrasts.firstHalf);
  const secondHalf = read(contrasts.secondHalf);
  const isGrowing = Math.abs(secondHalf.estimate) > Math.abs(firstHalf.estimate);
  const reading: TrendReading['reading'] = slope.pValue > request.alpha ? 'not shown' : isGrowing ? 'grows' : 'fades';
  return { slopePerDay: slope, firstHalf, secondHalf, reading };
}

async function daysOfMost(rows: FileRows, date: string): Promise<number> {
  const [found] = await rows.warehouse.query<{ days: number | null }>({
    sql: `
-- The most days that enough units of the arm with the fewest of them had.
SELECT MIN(days) AS days FROM (
  SELECT arm, quantile_disc(days_left, ${1 - SHARE_OF_UNITS}) + 1 AS days, COUNT(*) AS units FROM (
    SELECT arm, date_diff('day', first_day, (SELECT MAX(CAST(${rows.time(date)} AS DATE)) FROM ${FILE_ROWS})) AS days_left
    FROM ${UNITS} WHERE first_day IS NOT NULL
  ) AS units_left GROUP BY arm HAVING COUNT(*) >= ${MINIMUM_UNITS / SHARE_OF_UNITS}
) AS arms`,
    parameters: {},
  });
  return Math.min(found?.days ?? 0, MOST_DAYS);
}

/** SQL of one row per unit that had all of the days, with its value on each of them. */
function unitsByDay(rows: FileRows, request: ExperimentRequest, date: string, value: string, dayCount: number): string {
  const unit = unitSql(rows, request);
  const days = Array.from(
    { length: dayCount },
    (_, day) => `COALESCE(MAX(value) FILTER (WHERE day = ${day}), 0) AS day${day}`,
  );
  return `
SELECT arm, CAST(NULL AS VARCHAR) AS grp, ${days.join(', ')} FROM (
  SELECT units.rowid AS unit_row, units.arm, date_diff('day', units.first_day, CAST(${rows.time(date)} AS DATE)) AS day, ${value} AS value
  FROM ${FILE_ROWS} AS file JOIN ${UNITS} AS units ON units.unit = ${unit}
  WHERE date_diff('day', units.first_day, (SELECT MAX(CAST(${rows.time(date)} AS DATE)) FROM ${FILE_ROWS})) >= ${dayCount - 1}
  GROUP BY ALL
) AS unit_days GROUP BY unit_row, arm`;
}

function fadingWarning({ metric, arm, reading, firstHalf, secondHalf, dayCount }: TrendReading): Warning[] {
  if (reading !== 'fades') return [];
  const message =
    `the effect of ${arm} on ${metric} fades: ${firstHalf.estimate.toPrecision(3)} a day in the first half of ${dayCount} days since a unit's first row, ` +
    `${secondHalf.estimate.toPrecision(3)} in the second. That is a novelty: what lasts is nearer to the second half`;
  return [{ code: 'novelty', message }];
}
