import {
  DAY_MS,
  DAYS,
  DAYS_BEFORE,
  eventsOfDay,
  EXPERIMENT,
  METRICS,
  START_MS,
} from '../../bench/scorecard/workload.ts';
import type { DailyQuestion } from '../../judge/daily-statistics.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';

const SIZE = { users: 10_000, exposures: 25_000, events: 50_000 };

/** All events of the benchmark's days in small, of which nothing is said to be ingested yet. */
export async function writeEvents(file: string): Promise<void> {
  const warehouse = await openDuckDb({ file });
  for (let day = -DAYS_BEFORE; day < DAYS; day += 1) await warehouse.execute(eventsOfDay(day, SIZE));
  await warehouse.close();
}

/** What a scorecard asks at the end of a day. */
export function questionAfter(days: number): DailyQuestion {
  return {
    experimentKey: EXPERIMENT,
    epoch: 1,
    unitType: 'user',
    asOfMs: START_MS + days * DAY_MS,
    metrics: METRICS,
    segments: { attributes: ['os'], metrics: [0] },
  };
}
