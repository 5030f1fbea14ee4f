import type { Effect } from '../../estimators/effect.ts';
import { normalQuantile, normalTail } from '../../estimators/normal.ts';
import type { EffectReading } from './report.ts';

/** Estimate, interval and p-value by the normal distribution. */
export function effectReading({ estimate, standardError }: Effect, alpha: number): EffectReading {
  const wide = normalQuantile(alpha / 2) * standardError;
  const pValue = standardError > 0 ? 2 * normalTail(Math.abs(estimate) / standardError) : estimate === 0 ? 1 : 0;
  return { estimate, standardError, lower: estimate - wide, upper: estimate + wide, pValue };
}
