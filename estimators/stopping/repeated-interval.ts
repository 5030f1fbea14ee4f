import { normalTail } from '../normal.ts';
import { rootOfGrowing } from './monotone-root.ts';
import { lastSpent, spendingBoundaries, type SpendingBoundariesInput } from './spending-boundaries.ts';

/** Beyond this |z| the p-value comes from a bound: the numerical integration has no digits left there. */
const INTEGRATED_UP_TO = 8;
const LARGEST_LOG_ALPHA = Math.log(0.999_999);
const SMALLEST_LOG_ALPHA = Math.log(1e-290);
const LOG_PRECISION = 1e-9;

/**
 * Repeated p-value of the last of the looks: the smallest two-sided alpha whose boundary |z| reaches. It is below alpha exactly where the
 * repeated confidence interval excludes 0, and the smallest of those of all looks is valid whichever look one stops at.
 *
 * Source: C. Jennison, B. W. Turnbull, Group Sequential Methods (2000), section 9.6.
 *
 * @param z the estimate over its standard error at the last look
 * @throws RangeError as `spendingBoundaries`, and for a z that is not finite
 */
export function repeatedPValue(z: number, input: Omit<SpendingBoundariesInput, 'alpha'>): number {
  if (!Number.isFinite(z)) throw new RangeError(`repeated p-value: z is ${z}`);
  const size = Math.abs(z);
  const boundaryAt = (logAlpha: number): number =>
    spendingBoundaries({ ...input, alpha: Math.exp(logAlpha) }).at(-1) ?? Infinity;
  if (size <= boundaryAt(LARGEST_LOG_ALPHA)) return 1;
  if (size > INTEGRATED_UP_TO) return Math.min(repeatedPValue(INTEGRATED_UP_TO, input), bound(size, input));
  // A boundary is never closer than that of one look, and most are not much farther out.
  const low = Math.log(normalTail(size));
  const bounds = { low, high: Math.min(LARGEST_LOG_ALPHA, low + 2) };
  const beyond = (logAlpha: number): number => size - boundaryAt(Math.min(LARGEST_LOG_ALPHA, logAlpha));
  return Math.exp(Math.min(LARGEST_LOG_ALPHA, rootOfGrowing(beyond, bounds, LOG_PRECISION)));
}

/** The smallest alpha whose last increment alone is as large as the nominal tail: never below the repeated p-value. */
function bound(size: number, input: Omit<SpendingBoundariesInput, 'alpha'>): number {
  const tail = normalTail(size);
  let low = SMALLEST_LOG_ALPHA;
  let high = LARGEST_LOG_ALPHA;
  while (high - low > LOG_PRECISION) {
    const middle = (low + high) / 2;
    if (lastSpent({ ...input, alpha: Math.exp(middle) }) > tail) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}
