import { falseCoverageLevel } from '../../estimators/comparisons/false-coverage-rate.ts';
import type { MetricEstimates } from './metric-estimates.ts';
import type { ExperimentRequest } from './request.ts';
import type { SelectedInterval } from './result.ts';

/** Comparisons of which only the significant ones are findings. */
export interface ReadFamily {
  readonly familySize: number;
  readonly selectedCount: number;
}

/**
 * The request whose intervals hold for what was selected out of a family; null where nothing was selected, or all of it, or where the correction does
 * not control a share of false findings.
 */
export function forSelected(
  request: ExperimentRequest,
  { familySize, selectedCount }: ReadFamily,
): ExperimentRequest | null {
  const { correction, stopping, alpha } = request;
  if (correction !== 'bh' && correction !== 'by') return null;
  if (selectedCount === 0 || selectedCount === familySize) return null;
  const isAlwaysValid = stopping.rule === 'always-valid';
  const dependence = isAlwaysValid ? 'always-valid' : correction === 'by' ? 'any' : 'positive';
  return { ...request, alpha: falseCoverageLevel({ familySize, selectedCount, alpha, dependence }) };
}

/** The interval of one selected comparison. @param estimates as read by the request of `forSelected` */
export function selectedInterval(estimates: MetricEstimates, arm: string, level: number): SelectedInterval {
  const { absolute, relative } = estimates.compare(arm);
  return {
    level,
    lower: absolute.lower,
    upper: absolute.upper,
    relative: relative === null ? null : { lower: relative.lower, upper: relative.upper },
  };
}
