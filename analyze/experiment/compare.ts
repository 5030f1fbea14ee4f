import { differenceOfMeans, type Effect } from '../../estimators/effect.ts';
import type { Moments } from '../../estimators/moments.ts';
import { relativeLift } from '../../estimators/relative-lift.ts';
import { readLook, type StoppingRule } from '../../estimators/stopping/stopping-rule.ts';
import { welch } from '../../estimators/welch.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { AbsoluteEffect, Bounds } from './result.ts';

export interface EffectReading {
  readonly absolute: AbsoluteEffect;
  readonly relative: Bounds | null;
  readonly pValue: number;
}

export interface Level {
  readonly alpha: number;
  readonly stopping: StoppingRule;
}

/** One arm against control, absolute and relative, by the stopping rule. Neither arm may be without variance in both. */
export function compareMoments(control: Moments, treatment: Moments, level: Level): EffectReading {
  const { degreesOfFreedom } = welch(control, treatment, level.alpha);
  const count = control.count + treatment.count;
  const effect = differenceOfMeans(control, treatment);
  const { estimate, lower, upper, pValue } = readEffect(effect, { count, degreesOfFreedom }, level);
  const lift = relativeLift(control, treatment);
  const isReadable = lift !== null && lift.standardError > 0;
  const relative = isReadable ? readEffect(lift, { count, degreesOfFreedom }, level) : null;
  return {
    absolute: { estimate, lower, upper, standardError: effect.standardError },
    relative: relative === null ? null : { estimate: relative.estimate, lower: relative.lower, upper: relative.upper },
    pValue,
  };
}

interface Information {
  readonly count: number;
  readonly degreesOfFreedom: number;
}

/** An effect's interval and p-value under the stopping rule. @throws AnalyzeError where the look may not spend anything */
export function readEffect(effect: Effect, information: Information, { alpha, stopping }: Level) {
  const read = readLook(stopping, { effect, ...information, alpha });
  if (Number.isFinite(read.criticalValue)) return read;
  throw new AnalyzeError(
    'this look is so early that its share of alpha is 0, so it has no interval; wait for the next look',
  );
}
