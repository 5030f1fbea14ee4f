import type { Effect } from '../effect.ts';
import { assertAlpha } from '../moments.ts';
import { twoSidedQuantile, twoSidedTail } from '../student-t.ts';

/** An effect with an interval by Student's t, for one look. */
export interface DesignedEffect extends Effect {
  readonly degreesOfFreedom: number;
  readonly lower: number;
  readonly upper: number;
  readonly pValue: number;
}

/**
 * Interval and two-sided p-value of an effect by Student's t.
 *
 * @throws RangeError for a standard error of 0, which windows or clusters that do not vary give, and for an alpha outside (0, 1)
 */
export function readByStudent(
  method: string,
  { estimate, standardError, degreesOfFreedom }: Effect & { readonly degreesOfFreedom: number },
  alpha: number,
): DesignedEffect {
  assertAlpha(method, alpha);
  if (!Number.isFinite(estimate) || !(standardError > 0) || !Number.isFinite(standardError)) {
    throw new RangeError(
      `${method}: the effect ${estimate} has a standard error of ${standardError}; without variation nothing can be inferred`,
    );
  }
  const half = twoSidedQuantile(alpha, degreesOfFreedom) * standardError;
  return {
    estimate,
    standardError,
    degreesOfFreedom,
    lower: estimate - half,
    upper: estimate + half,
    pValue: twoSidedTail(estimate / standardError, degreesOfFreedom),
  };
}
