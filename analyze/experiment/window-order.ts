/**
 * The place of each window in time, from 0: by number where all of them are numbers, by time where all of them are times, else by their text. A
 * window without any row has no place, so that its neighbours count as neighbours.
 */
export function placesInTime(windows: readonly string[]): ReadonlyMap<string, number> {
  const distinct = [...new Set(windows)];
  const numbers = new Map(distinct.map((window) => [window, Number(window)]));
  const times = new Map(distinct.map((window) => [window, Date.parse(window)]));
  const isAll = (values: ReadonlyMap<string, number>): boolean => [...values.values()].every(Number.isFinite);
  const ordered = isAll(numbers) ? by(distinct, numbers) : isAll(times) ? by(distinct, times) : distinct.toSorted();
  return new Map(ordered.map((window, place) => [window, place]));
}

function by(windows: readonly string[], values: ReadonlyMap<string, number>): string[] {
  return windows.toSorted((a, b) => (values.get(a) ?? 0) - (values.get(b) ?? 0));
}
