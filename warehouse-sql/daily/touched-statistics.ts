import type { Statement } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';
import { DAY_MS, type DayRange } from './positions.ts';

/**
 * Deletes the statistics that read any of these days: of units whose window, or whose covariate's, reaches into them. They are computed
 * anew by whoever asks next; every other day stays as it is.
 */
export function deleteStatisticsOf(dialect: Dialect, days: readonly DayRange[]): readonly Statement[] {
  if (days.length === 0) return [];
  const p = dialect.parameter;
  const reaches = days.map(
    (_, index) =>
      `(day_ms + ${DAY_MS} + window_ms > ${p(`from_${index}`)} AND day_ms - covariate_ms < ${p(`until_${index}`)})`,
  );
  const parameters = days.flatMap(({ fromMs, untilMs }, index) => [
    [`from_${index}`, fromMs] as const,
    [`until_${index}`, untilMs] as const,
  ]);
  return [
    {
      sql: `DELETE FROM daily_statistics\nWHERE ${reaches.join('\n  OR ')}`,
      parameters: Object.fromEntries(parameters),
    },
  ];
}
