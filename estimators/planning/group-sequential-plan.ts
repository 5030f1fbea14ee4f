import type { Spending } from '../stopping/spending.ts';

/** Probability to cross a boundary of evenly spaced looks under a drift: the true effect over its standard error at the last look. */
export function groupSequentialPowerAt(
  design: { readonly spending: Spending; readonly looks: number },
  alpha: number,
  drift: number,
): number {
  throw new RangeError(
    `plan: ${design.looks} group-sequential looks at ${alpha} cannot be planned yet (drift ${drift})`,
  );
}
