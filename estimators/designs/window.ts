/** What happened in one region in one time window, all of which had one arm. */
export interface WindowObservation {
  readonly region: string;
  /** Start of the window, ms since 1970 UTC; windows of all regions lie on one grid. */
  readonly windowStartMs: number;
  readonly isTreated: boolean;
  /** Sum of the outcome in the window, after the burn-in. */
  readonly total: number;
  /** What the total is divided by: units, or a ratio's denominator. Default 1: the total itself is the outcome. */
  readonly count?: number;
}

/** A window in its place in the panel. */
export interface PanelRow {
  readonly region: string;
  /** Number of the window on the grid. */
  readonly position: number;
  readonly isTreated: boolean;
  /** Total over count. */
  readonly value: number;
  readonly count: number;
}

export interface Panel {
  /** Ordered by region, then by time. */
  readonly rows: readonly PanelRow[];
  readonly regionCount: number;
  readonly windowMs: number;
}

/**
 * Puts windows in order and in place. Windows with a count of 0 have no outcome; they are left out.
 *
 * @param windowMs the grid; without it the smallest distance between two starts
 * @throws RangeError for a window that is there twice, starts off the grid, a number that cannot be, or an arm with fewer than two windows
 */
export function panelOf(observations: readonly WindowObservation[], windowMs = gridOf(observations)): Panel {
  if (!(windowMs > 0)) throw new RangeError(`switchback: a window lasts ${windowMs} ms; it must be above 0`);
  const origin = observations.reduce((least, { windowStartMs }) => Math.min(least, windowStartMs), Infinity);
  const rows = observations.map((observation) => rowOf(observation, origin, windowMs)).filter(({ count }) => count > 0);
  rows.sort((a, b) => (a.region < b.region ? -1 : a.region > b.region ? 1 : a.position - b.position));
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    if (before?.region !== row.region || before.position !== row.position) continue;
    const start = new Date(origin + row.position * windowMs).toISOString();
    throw new RangeError(`switchback: region "${row.region}" has the window of ${start} twice; give one row a window`);
  }
  for (const [arm, isTreated] of [
    ['control', false],
    ['treatment', true],
  ] as const) {
    const count = rows.filter((row) => row.isTreated === isTreated).length;
    if (count < 2) throw new RangeError(`switchback: needs at least 2 windows in ${arm}, got ${count}`);
  }
  return { rows, regionCount: new Set(rows.map(({ region }) => region)).size, windowMs };
}

function rowOf(
  { region, windowStartMs, isTreated, total, count = 1 }: WindowObservation,
  origin: number,
  windowMs: number,
): PanelRow {
  if (!Number.isFinite(windowStartMs) || !Number.isFinite(total) || !Number.isFinite(count) || count < 0) {
    throw new RangeError(
      `switchback: a window of "${region}" starts at ${windowStartMs} with total ${total} and count ${count}`,
    );
  }
  const position = (windowStartMs - origin) / windowMs;
  if (!Number.isInteger(position)) {
    throw new RangeError(
      `switchback: a window of "${region}" starts at ${new Date(windowStartMs).toISOString()}, off the grid of ${windowMs} ms`,
    );
  }
  return { region, position, isTreated, value: count > 0 ? total / count : 0, count };
}

function gridOf(observations: readonly WindowObservation[]): number {
  const starts = [...new Set(observations.map(({ windowStartMs }) => windowStartMs))].sort((a, b) => a - b);
  let least = Infinity;
  for (const [i, start] of starts.entries()) if (i > 0) least = Math.min(least, start - (starts[i - 1] ?? start));
  if (least === Infinity) throw new RangeError('switchback: needs windows of at least two different times');
  return least;
}
