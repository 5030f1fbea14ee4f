/** A share of simulated experiments, and how exactly it is known. */
export interface Share {
  readonly value: number;
  readonly runs: number;
  /** 99 % interval (Wilson). */
  readonly lower: number;
  readonly upper: number;
}

const Z_99 = 2.5758293035489004;

/** @throws RangeError without runs */
export function share(hits: number, runs: number): Share {
  if (!(runs > 0)) throw new RangeError('a share needs at least one run');
  const value = hits / runs;
  const square = Z_99 * Z_99;
  const centre = (value + square / (2 * runs)) / (1 + square / runs);
  const half = (Z_99 / (1 + square / runs)) * Math.sqrt((value * (1 - value)) / runs + square / (4 * runs * runs));
  return { value, runs, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}
