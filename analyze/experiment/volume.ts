import { volumeJumps } from '../../estimators/reading/volume-jumps.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import type { Warning } from './check-columns.ts';
import type { ExperimentRequest } from './request.ts';
import { UNITS } from './units.ts';

const MOST_DAYS = 3;

/** Days on which implausibly many or few units began, with a date column. */
export async function volumeWarnings(warehouse: Warehouse, { date, design }: ExperimentRequest): Promise<Warning[]> {
  if (date === null || design.kind === 'switchback') return [];
  const days = await warehouse.query<{ day: string; units: number }>({
    sql: `
SELECT CAST(CAST(day AS DATE) AS VARCHAR) AS day, COUNT(first_day) AS units
FROM (SELECT unnest(generate_series(MIN(first_day), MAX(first_day), INTERVAL 1 DAY)) AS day FROM ${UNITS}) AS calendar
LEFT JOIN ${UNITS} AS units ON units.first_day = CAST(day AS DATE) GROUP BY ALL ORDER BY ALL`,
    parameters: {},
  });
  const jumps = volumeJumps(days.map(({ units }) => units)).slice(0, MOST_DAYS);
  return jumps.map(({ day, count, expectedCount, direction }) => ({
    code: 'volume-jump',
    message: `${count} units began on ${days[day]?.day ?? ''}, far ${direction === 'up' ? 'more' : 'fewer'} than the ${expectedCount} or so of the days around it: look whether events are doubled or lost on that day`,
  }));
}
