/** How units come to an experiment. */
export interface Arrivals {
  /** Units that have come by the end of the first day, of the second, …; none where they come evenly. */
  readonly unitsByDay: readonly number[];
  /** New units a day after that. */
  readonly laterDailyUnits: number;
  /** Days from a unit's coming until its window has closed and it counts. */
  readonly maturityDays: number;
}

/** As many new units every day, which count at once. */
export function evenArrivals(dailyUnits: number): Arrivals {
  return { unitsByDay: [], laterDailyUnits: dailyUnits, maturityDays: 0 };
}

const DAYS_A_WEEK = 7;

/**
 * What a time of the past says: most units that come often come on the first days, so that units a day fall. After the time they come as in its last
 * week, or half of it where it is shorter than two.
 *
 * @param newUnits units that came first on each day of the time
 */
export function arrivalsOf(newUnits: readonly number[], maturityDays: number): Arrivals {
  let sum = 0;
  const unitsByDay = newUnits.map((count) => (sum += count));
  const lastDays = newUnits.slice(-Math.max(1, Math.min(DAYS_A_WEEK, Math.floor(newUnits.length / 2))));
  const laterDailyUnits = lastDays.reduce((total, count) => total + count, 0) / Math.max(1, lastDays.length);
  return { unitsByDay, laterDailyUnits, maturityDays };
}

/** Whole days until so many units count; null where they never come. */
export function daysUntil({ unitsByDay, laterDailyUnits, maturityDays }: Arrivals, units: number): number | null {
  const waiting = Math.ceil(maturityDays);
  const day = unitsByDay.findIndex((count) => count >= units);
  if (day >= 0) return day + 1 + waiting;
  const missing = units - (unitsByDay.at(-1) ?? 0);
  return laterDailyUnits > 0 ? unitsByDay.length + Math.ceil(missing / laterDailyUnits) + waiting : null;
}

/** Whole units that count after so many days. */
export function unitsAfter({ unitsByDay, laterDailyUnits, maturityDays }: Arrivals, days: number): number {
  const since = days - maturityDays;
  if (since <= 0) return 0;
  const whole = Math.floor(since);
  const known = (count: number): number => (count === 0 ? 0 : (unitsByDay[count - 1] ?? 0));
  if (whole >= unitsByDay.length)
    return Math.floor(known(unitsByDay.length) + (since - unitsByDay.length) * laterDailyUnits);
  return Math.floor(known(whole) + (since - whole) * (known(whole + 1) - known(whole)));
}
