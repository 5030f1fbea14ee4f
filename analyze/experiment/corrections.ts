import { AnalyzeError } from '../analyze-error.ts';
import type { Correction } from './request.ts';

/** Adjusted p-values of one family, in its order. */
export function adjustPValues(pValues: readonly number[], correction: Correction): readonly number[] {
  if (correction === 'none' || pValues.length < 2) return pValues;
  throw new AnalyzeError(`p-values cannot be corrected by ${correction} yet; say --correction none`);
}
