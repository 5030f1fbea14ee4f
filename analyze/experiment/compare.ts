import { confidenceSequence } from '../../estimators/confidence-sequence.ts';
import { differenceOfMeans, type Effect } from '../../estimators/effect.ts';
import type { Moments } from '../../estimators/moments.ts';
import { relativeLift } from '../../estimators/relative-lift.ts';
import { twoSidedQuantile, twoSidedTail } from '../../estimators/student-t.ts';
import { welch } from '../../estimators/welch.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { StoppingRequest } from './request.ts';
import type { AbsoluteEffect, Bounds } from './result.ts';

export interface EffectReading {
  readonly absolute: AbsoluteEffect;
  readonly relative: Bounds | null;
  readonly pValue: number;
}

export interface Level {
  readonly alpha: number;
  readonly stopping: StoppingRequest;
}

/** One arm against control, absolute and relative, by the stopping rule. Neither arm may be without variance in both. */
export function compareMoments(control: Moments, treatment: Moments, level: Level): EffectReading {
  const { degreesOfFreedom } = welch(control, treatment, level.alpha);
  const count = control.count + treatment.count;
  const effect = differenceOfMeans(control, treatment);
  const { pValue, ...bounds } = readEffect(effect, { count, degreesOfFreedom }, level);
  const lift = relativeLift(control, treatment);
  const isReadable = lift !== null && lift.standardError > 0;
  const relative = isReadable ? readEffect(lift, { count, degreesOfFreedom }, level) : null;
  return {
    absolute: { ...bounds, standardError: effect.standardError },
    relative: relative === null ? null : { estimate: relative.estimate, lower: relative.lower, upper: relative.upper },
    pValue,
  };
}

interface Information {
  readonly count: number;
  readonly degreesOfFreedom: number;
}

/** An effect's interval and p-value under the stopping rule. */
function readEffect(
  effect: Effect,
  { count, degreesOfFreedom }: Information,
  { alpha, stopping }: Level,
): Bounds & { readonly pValue: number } {
  const { estimate, standardError } = effect;
  if (stopping.rule === 'always-valid') return confidenceSequence({ ...effect, count, alpha, ...tuning(stopping) });
  if (stopping.rule === 'group-sequential') throw new AnalyzeError('group-sequential looks cannot be read yet');
  const halfWidth = twoSidedQuantile(alpha, degreesOfFreedom) * standardError;
  const pValue = twoSidedTail(estimate / standardError, degreesOfFreedom);
  return { estimate, lower: estimate - halfWidth, upper: estimate + halfWidth, pValue };
}

function tuning({ tunedForCount }: Extract<StoppingRequest, { rule: 'always-valid' }>) {
  return tunedForCount === undefined ? {} : { tunedForCount };
}
