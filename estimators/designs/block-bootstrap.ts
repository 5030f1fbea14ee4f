import { assertAlpha } from '../moments.ts';
import { seededRandom } from '../seeded-random.ts';
import { panelOf, type PanelRow, type WindowObservation } from './window.ts';

export interface BlockBootstrapOptions {
  /** Windows that are drawn together; at least as long as errors are correlated. */
  readonly blockWindows: number;
  /** Default 2,000. */
  readonly replicates?: number;
  readonly seed: number;
  readonly alpha?: number;
  /** What counts once, as in `readSwitchback`. */
  readonly per?: 'window' | 'unit';
  readonly windowMs?: number;
}

export interface BlockBootstrapResult {
  readonly estimate: number;
  readonly standardError: number;
  /** Percentile interval. */
  readonly lower: number;
  readonly upper: number;
  /** Replicates with both arms; others are left out. */
  readonly replicateCount: number;
}

/**
 * Difference of the windows' means with a standard error and interval by drawing blocks of consecutive windows, with replacement, within each
 * region (circular, so that every window is drawn equally often). Windows keep the arm that they had. With fewer than about ten blocks a region
 * in all it is too narrow: prefer the randomization test.
 *
 * Source: D. N. Politis, J. P. Romano, "A circular block-resampling procedure for stationary data" (1992).
 *
 * @throws RangeError for blocks of less than one window, longer than a region's series, or windows that cannot be
 */
export function blockBootstrap(
  observations: readonly WindowObservation[],
  options: BlockBootstrapOptions,
): BlockBootstrapResult {
  const { blockWindows, replicates = 2_000, alpha = 0.05, per = 'window' } = options;
  assertAlpha('block bootstrap', alpha);
  const { rows } = panelOf(observations, options.windowMs);
  const regions = [...new Set(rows.map(({ region }) => region))].map((name) =>
    rows.filter(({ region }) => region === name),
  );
  const shortest = Math.min(...regions.map(({ length }) => length));
  if (!Number.isSafeInteger(blockWindows) || blockWindows < 1 || blockWindows > shortest) {
    throw new RangeError(
      `block bootstrap: blocks of ${blockWindows} windows do not fit a region with ${shortest}; use 1 to ${shortest}`,
    );
  }
  const random = seededRandom(options.seed);
  const draws: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const drawn = differenceOf(per, (visit) => {
      for (const region of regions) drawBlocks(region, blockWindows, random.uniform, visit);
    });
    if (drawn !== undefined) draws.push(drawn);
  }
  const estimate = differenceOf(per, (visit) => rows.forEach(visit));
  if (estimate === undefined || draws.length < 2) throw new RangeError('block bootstrap: no draw has both arms');
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / (draws.length - 1);
  const sorted = Float64Array.from(draws).sort();
  return {
    estimate,
    standardError: Math.sqrt(variance),
    lower: quantile(sorted, alpha / 2),
    upper: quantile(sorted, 1 - alpha / 2),
    replicateCount: draws.length,
  };
}

function drawBlocks(
  region: readonly PanelRow[],
  blockWindows: number,
  uniform: () => number,
  visit: (row: PanelRow) => void,
): void {
  for (let taken = 0; taken < region.length;) {
    const start = Math.floor(uniform() * region.length);
    for (let i = 0; i < blockWindows && taken < region.length; i += 1, taken += 1) {
      const row = region[(start + i) % region.length];
      if (row !== undefined) visit(row);
    }
  }
}

function differenceOf(per: 'window' | 'unit', visitAll: (visit: (row: PanelRow) => void) => void): number | undefined {
  const sums = { treated: 0, treatedWeight: 0, control: 0, controlWeight: 0 };
  visitAll(({ isTreated, value, count }) => {
    const weight = per === 'unit' ? count : 1;
    if (isTreated) {
      sums.treated += weight * value;
      sums.treatedWeight += weight;
    } else {
      sums.control += weight * value;
      sums.controlWeight += weight;
    }
  });
  if (sums.treatedWeight === 0 || sums.controlWeight === 0) return undefined;
  return sums.treated / sums.treatedWeight - sums.control / sums.controlWeight;
}

function quantile(sorted: Float64Array, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}
