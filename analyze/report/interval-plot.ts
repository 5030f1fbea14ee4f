import type { Bounds } from '../experiment/result.ts';

export interface PlottedInterval extends Bounds {
  readonly label: string;
}

/** How values lie on a line of `width`: 0 is always on it, and every interval. */
export interface Scale {
  readonly lower: number;
  readonly upper: number;
  at(value: number): number;
}

/** Intervals beyond this many times the typical width are cut at the edge, so that one of them does not flatten the others. */
const WIDEST = 8;

/** A common scale for intervals, in [0, width]. */
export function scaleOf(intervals: readonly Bounds[], width: number): Scale {
  const reach = intervals
    .map(({ lower, upper }) => Math.max(Math.abs(lower), Math.abs(upper)))
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b);
  const typical = reach[Math.floor((reach.length - 1) / 2)] ?? 1;
  const limit = WIDEST * typical;
  const within = intervals.flatMap(({ lower, upper }) => [Math.max(lower, -limit), Math.min(upper, limit)]);
  const [lowest, highest] = [Math.min(0, ...within), Math.max(0, ...within)];
  const margin = 0.05 * (highest - lowest || 1);
  const [lower, upper] = [lowest - margin, highest + margin];
  return { lower, upper, at: (value) => (width * (Math.min(upper, Math.max(lower, value)) - lower)) / (upper - lower) };
}

/**
 * Intervals as lines of text, one above the other, with a common 0:
 *
 *     revenue    │ ├──●──┤
 */
export function plotIntervals(
  intervals: readonly PlottedInterval[],
  format: (value: number) => string,
  width = 48,
): string[] {
  const scale = scaleOf(intervals, width - 1);
  const labelWidth = Math.max(0, ...intervals.map(({ label }) => label.length));
  const column = (value: number): number => Math.round(scale.at(value));
  const lines = intervals.map(({ label, estimate, lower, upper }) => {
    const line = Array.from({ length: width }, () => ' ');
    for (let at = column(lower); at <= column(upper); at += 1) line[at] = '─';
    line[column(lower)] = lower < scale.lower ? '◄' : '├';
    line[column(upper)] = upper > scale.upper ? '►' : '┤';
    if (line[column(0)] === ' ') line[column(0)] = '│';
    else if (line[column(0)] === '─') line[column(0)] = '┼';
    line[column(estimate)] = '●';
    return `${label.padEnd(labelWidth)}  ${line.join('')}`.trimEnd();
  });
  const axis = Array.from({ length: width }, () => ' ');
  for (const at of [scale.lower, scale.upper]) write(axis, format(at), column(at));
  write(axis, '0', column(0));
  return [...lines, `${' '.repeat(labelWidth)}  ${axis.join('')}`.trimEnd()];
}

/** Writes a text around a place, within the line, unless something is there. */
function write(line: string[], text: string, at: number): void {
  const from = Math.min(line.length - text.length, Math.max(0, at - Math.floor(text.length / 2)));
  const isFree = line.slice(Math.max(0, from - 1), from + text.length + 1).every((each) => each === ' ');
  if (isFree) line.splice(from, text.length, ...text);
}
