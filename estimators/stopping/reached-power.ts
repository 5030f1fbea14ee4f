import { sequentialCriticalValue } from '../confidence-sequence.ts';
import { normalQuantile, normalTail } from '../normal.ts';
import { groupSequentialPower } from './group-sequential-power.ts';
import { spendingBoundaries } from './spending-boundaries.ts';
import { looksOf, type LookInput, type StoppingRule } from './stopping-rule.ts';

/** What a look is like, but for the estimate: stopping by it does not look at the effect. */
export interface ReachedPowerInput extends Pick<LookInput, 'count' | 'alpha'> {
  readonly standardError: number;
}

/**
 * Probability that an effect of this size would have been found by now, on either side, given the standard error that there really is.
 * - fixed-horizon: at this look;
 * - always-valid: by this look alone, so that it is a lower bound for who has looked before;
 * - group-sequential: at any look so far.
 *
 * Ending an experiment once this is large is information-based monitoring: C. R. Mehta, A. A. Tsiatis, "Flexible sample size considerations using
 * information-based interim monitoring", Drug Information Journal 35 (2001), 1095–1112. It keeps the error level, as the standard error tells nothing
 * about the effect's sign.
 *
 * @param effect in the unit of the standard error, of either sign
 * @throws RangeError for a standard error that is not above 0, an effect that is not finite, or looks that contradict each other
 */
export function reachedPower(rule: StoppingRule, look: ReachedPowerInput, effect: number): number {
  const { standardError, count, alpha } = look;
  if (!(standardError > 0) || !Number.isFinite(standardError) || !Number.isFinite(effect))
    throw new RangeError(
      `reached power: needs a finite effect and a standard error above 0, got ${effect} and ${standardError}`,
    );
  const drift = Math.abs(effect) / standardError;
  switch (rule.rule) {
    case 'fixed-horizon':
      return beyond(normalQuantile(alpha / 2), drift);
    case 'always-valid': {
      const tuned = rule.tunedForCount === undefined ? {} : { tunedForCount: rule.tunedForCount };
      return beyond(sequentialCriticalValue({ count, alpha, ...tuned }), drift);
    }
    case 'group-sequential': {
      const looks = looksOf(rule);
      const now = looks.informationFractions.at(-1) ?? NaN;
      const boundaries = spendingBoundaries({ ...looks, alpha });
      const { informationFractions } = looks;
      // Far beyond any boundary the integration has nothing left to add.
      return groupSequentialPower({ informationFractions, boundaries }, Math.min(drift, CERTAIN) / Math.sqrt(now))
        .power;
    }
  }
}

const CERTAIN = 100;

function beyond(critical: number, drift: number): number {
  return normalTail(critical - drift) + normalTail(critical + drift);
}
