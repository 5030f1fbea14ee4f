import { readFutility } from '../../estimators/stopping/futility-reading.ts';
import { spendingBoundaries } from '../../estimators/stopping/spending-boundaries.ts';
import { stagewiseInference } from '../../estimators/stopping/stagewise-inference.ts';
import { looksOf } from '../../estimators/stopping/stopping-rule.ts';
import type { RawComparison } from './metric-estimates.ts';
import type { ExperimentRequest } from './request.ts';
import type { Comparison, MetricReading } from './result.ts';

/** What a look of a group-sequential experiment says about its end, for the primary metric. */
export function endingOf(
  { absolute, pValue }: RawComparison,
  goodDirection: MetricReading['goodDirection'],
  { stopping, futility, alpha }: ExperimentRequest,
): Pick<Comparison, 'futility' | 'afterStopping'> {
  if (stopping.rule !== 'group-sequential') return { futility: null, afterStopping: null };
  const { isFinal, ...looks } = looksOf(stopping);
  const isOver = isFinal || pValue < alpha;
  return {
    futility:
      futility === undefined || isOver
        ? null
        : readFutility({ rule: stopping, futility, effect: absolute, alpha, goodDirection }),
    afterStopping: isOver
      ? stagewiseInference({
          informationFractions: looks.informationFractions,
          boundaries: spendingBoundaries({ ...looks, isFinal, alpha }),
          effect: absolute,
          alpha,
        })
      : null,
  };
}
