/** A day on which far more or far fewer units began than on the days around it. */
export interface VolumeJump {
  /** Its place in the series. */
  readonly day: number;
  readonly count: number;
  /** What the days around it let one expect: the nearer of the medians before and after it. */
  readonly expectedCount: number;
  readonly direction: 'up' | 'down';
}

/** Days before and after that a day is compared with. */
const NEIGHBOURS = 3;
/** By this factor a day has to differ; less is the weekly cycle of many products. */
const FACTOR = 3;
/** And by so many standard deviations of a count, so that small counts alarm nobody. */
const DEVIATIONS = 6;
const DAYS_PER_WEEK = 7;

/**
 * Jumps in exposure volume: days whose count is above three times both the median of the three days before and that of the three days after it, or
 * below a third of both; so neither a ramp's step nor a population that is used up is a jump. A day that is like the same weekday before or
 * after is the weekly cycle. The first and last two days have too little around them.
 *
 * A check of plausibility, not a test: it says where to look (Twyman's law: any figure that looks interesting or different is usually wrong; A. S. C.
 * Ehrenberg, "The teaching of statistics", JRSS A 138 (1975)); the median as in F. R. Hampel, JASA 69 (1974), 383–393.
 *
 * @param counts new units by day, without gaps
 * @throws RangeError for a count that is negative or not finite
 */
export function volumeJumps(counts: readonly number[]): readonly VolumeJump[] {
  for (const [day, count] of counts.entries())
    if (!(count >= 0) || !Number.isFinite(count)) throw new RangeError(`volume: the count of day ${day} is ${count}`);
  return counts.flatMap((count, day): VolumeJump[] => {
    const before = counts.slice(Math.max(0, day - NEIGHBOURS), day);
    const after = counts.slice(day + 1, day + 1 + NEIGHBOURS);
    if (Math.min(before.length, after.length) < 2) return [];
    const [least, most] = [median(before), median(after)].toSorted((a, b) => a - b);
    if (least === undefined || most === undefined) return [];
    const isFar = (from: number): boolean => Math.abs(count - from) > DEVIATIONS * Math.sqrt(Math.max(1, from));
    const isLikeWeekday = [day - DAYS_PER_WEEK, day + DAYS_PER_WEEK].some((other) => {
      const weekday = counts[other];
      return weekday !== undefined && count < FACTOR * weekday && FACTOR * count > weekday;
    });
    if (isLikeWeekday) return [];
    if (count > FACTOR * most && isFar(most)) return [{ day, count, expectedCount: most, direction: 'up' }];
    if (FACTOR * count < least && isFar(least)) return [{ day, count, expectedCount: least, direction: 'down' }];
    return [];
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? 0, sorted[Math.floor(middle)] ?? 0];
  return (low + high) / 2;
}
