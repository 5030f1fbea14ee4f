import { cuped, type CovariateSums } from '../estimators/cuped.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { relativeLift } from '../estimators/relative-lift.ts';
import { comparable } from './comparable.ts';
import { MINIMUM_UNITS_PER_ARM } from './guardrail.ts';
import { intervalReader, type ReaderInput } from './interval-reader.ts';
import type { Interval } from './scorecard.ts';

/** Two arms of one metric, and how they may be read. */
export interface Comparison extends Pick<ReaderInput, 'stopping' | 'reading' | 'alpha'> {
  readonly control: CovariateSums;
  readonly treatment: CovariateSums;
}

export interface Compared {
  /** After CUPED. */
  readonly arms: ReturnType<typeof comparable>;
  readonly absolute: Interval;
  /** Linear delta method; null where control's mean is not bounded away from 0. */
  readonly relative: Interval | null;
  readonly pValue: number;
  /** Half the interval's width in standard errors. */
  readonly criticalValue: number;
  /** In words. */
  readonly method: string;
  readonly varianceRemovedRatio: number;
}

/** Null where there are too few units for an interval, or no value varies. */
export function compareArms({ control, treatment, alpha, stopping, reading }: Comparison): Compared | null {
  if (Math.min(control.count, treatment.count) < MINIMUM_UNITS_PER_ARM) return null;
  const adjusted = cuped(control, treatment);
  const arms = comparable(adjusted.control, adjusted.treatment);
  const effect = differenceOfMeans(arms.control, arms.variant);
  if (effect.standardError === 0) return null;
  const reader = intervalReader({ stopping, reading, alpha, control: arms.control, treatment: arms.variant });
  const { pValue, criticalValue, ...absolute } = reader.read(effect);
  const lift = relativeLift(arms.control, arms.variant);
  return {
    arms,
    absolute: intervalOf(absolute),
    relative: lift === null ? null : intervalOf(reader.read(lift)),
    pValue,
    criticalValue,
    method: reader.method,
    varianceRemovedRatio: adjusted.varianceRemovedRatio,
  };
}

function intervalOf({ estimate, lower, upper }: Interval): Interval {
  return { estimate, lower, upper };
}
