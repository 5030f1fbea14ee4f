import { cuped, type CovariateSums } from '../../estimators/cuped.ts';
import { differenceOfMeans } from '../../estimators/effect.ts';
import { relativeLift } from '../../estimators/relative-lift.ts';
import { readLook, type LookReading, type StoppingRule } from '../../estimators/stopping/stopping-rule.ts';

/** A metric of one variant beside control, as a warehouse gives it. */
export interface MetricRow {
  readonly control: CovariateSums;
  readonly treatment: CovariateSums;
}

export interface RowReading {
  readonly absolute: LookReading;
  /** Null where control's mean is not bounded away from 0. */
  readonly relative: LookReading | null;
  readonly varianceRemovedRatio: number;
}

export const ALPHA = 0.05;
export const TUNED_FOR_COUNT = 10_000;
const STOPPING: StoppingRule = { rule: 'always-valid', tunedForCount: TUNED_FOR_COUNT };

/** The whole path of a row: sums, CUPED, the absolute and the relative effect, and an always-valid interval and p-value of each. */
export function readRow(row: MetricRow): RowReading {
  const { control, treatment, varianceRemovedRatio } = cuped(row.control, row.treatment);
  const look = { count: control.count + treatment.count, alpha: ALPHA };
  const lift = relativeLift(control, treatment);
  return {
    absolute: readLook(STOPPING, { effect: differenceOfMeans(control, treatment), ...look }),
    relative: lift === null ? null : readLook(STOPPING, { effect: lift, ...look }),
    varianceRemovedRatio,
  };
}
