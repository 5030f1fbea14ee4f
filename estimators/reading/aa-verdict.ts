import { normalQuantile } from '../normal.ts';
import type { AaPlan, AaSplit } from './retrospective-aa.ts';
import { uniformityTest } from './uniformity.ts';

/** What many splits of units that were treated alike say of a metric. */
export interface AaReport {
  readonly splits: number;
  readonly rejections: number;
  /** Share of the splits in which a difference was found, with its 99 % interval. */
  readonly rejectionRate: number;
  readonly rejectionLower: number;
  readonly rejectionUpper: number;
  /** The spread of the estimates over the standard errors that were claimed: 1 where they say the truth. */
  readonly spreadRatio: number;
  /** Of the p-values of a fixed horizon against an even spread; null for other rules. */
  readonly uniformityPValue: number | null;
  /**
   * - `holds`: as many differences as alpha allows;
   * - `too-many`: intervals are too narrow, so effects would be found that are none;
   * - `too-few`: intervals are too wide, so effects would be missed;
   * - `uneven`: as many as there should be, but p-values are not spread evenly, so other levels than alpha would not hold.
   */
  readonly verdict: 'holds' | 'too-many' | 'too-few' | 'uneven';
}

const SURENESS = 0.99;
/** An even spread is doubted below this. */
const UNEVEN_BELOW = 0.001;

/**
 * @throws RangeError for no splits
 */
export function aaReport(splits: readonly AaSplit[], { stopping, alpha }: AaPlan): AaReport {
  const count = splits.length;
  if (count === 0) throw new RangeError('retrospective A/A: there are no splits');
  const rejections = splits.filter(({ isRejected }) => isRejected).length;
  const { lower, upper } = wilsonInterval(rejections, count);
  const isFixed = stopping.rule === 'fixed-horizon';
  const uniformityPValue = isFixed ? uniformityTest(splits.map(({ pValue }) => pValue)).pValue : null;
  const isUneven = uniformityPValue !== null && uniformityPValue < UNEVEN_BELOW;
  const rest = isUneven ? 'uneven' : 'holds';
  return {
    splits: count,
    rejections,
    rejectionRate: rejections / count,
    rejectionLower: lower,
    rejectionUpper: upper,
    spreadRatio: spreadRatio(splits),
    uniformityPValue,
    verdict: lower > alpha ? 'too-many' : isFixed && upper < alpha ? 'too-few' : rest,
  };
}

/**
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical Association 22 (1927),
 * 209–212.
 */
function wilsonInterval(successes: number, count: number): { readonly lower: number; readonly upper: number } {
  const z = normalQuantile((1 - SURENESS) / 2);
  const rate = successes / count;
  const scale = 1 / (1 + (z * z) / count);
  const middle = (rate + (z * z) / (2 * count)) * scale;
  const half = z * Math.sqrt((rate * (1 - rate)) / count + (z * z) / (4 * count * count)) * scale;
  return { lower: Math.max(0, middle - half), upper: Math.min(1, middle + half) };
}

/** Estimates are spread around 0, because nothing was changed. */
function spreadRatio(splits: readonly AaSplit[]): number {
  const squares = (of: (split: AaSplit) => number): number => splits.reduce((sum, split) => sum + of(split) ** 2, 0);
  return Math.sqrt(squares(({ estimate }) => estimate) / squares(({ standardError }) => standardError));
}
