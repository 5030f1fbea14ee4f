import { adjustedPValues } from '../../estimators/comparisons/adjusted-p-values.ts';
import { pooledEffect } from '../../estimators/reading/pooled-effect.ts';
import type { Warning } from './check-columns.ts';
import type { ExperimentRequest } from './request.ts';
import type { SegmentDifference, SegmentReading } from './result.ts';

/** Whether the effect is the same in all values of a segment column, for each metric and arm that several values can be read of. */
export function segmentDifferences(
  readings: readonly SegmentReading[],
  { correction }: Pick<ExperimentRequest, 'correction'>,
): readonly SegmentDifference[] {
  const groups = new Map<string, SegmentReading[]>();
  for (const reading of readings) {
    const name = JSON.stringify([reading.segment, reading.metric, reading.arm]);
    groups.set(name, [...(groups.get(name) ?? []), reading]);
  }
  const found = [...groups.values()].flatMap((group) => differenceOf(group));
  const adjusted = adjustedPValues(
    found.map(({ pValue }) => pValue),
    correction,
  );
  return found.map((each, index) => ({ ...each, adjustedPValue: adjusted[index] ?? each.pValue }));
}

function differenceOf(group: readonly SegmentReading[]): Omit<SegmentDifference, 'adjustedPValue'>[] {
  const effects = group.map(({ absolute }) => absolute).filter(({ standardError }) => standardError > 0);
  const [first] = group;
  if (first === undefined || effects.length < 2) return [];
  const { heterogeneity, fixed } = pooledEffect(effects);
  const { statistic, degreesOfFreedom, pValue, inconsistencyRatio } = heterogeneity;
  const { segment, metric, arm } = first;
  return [
    { segment, metric, arm, statistic, degreesOfFreedom, pValue, inconsistencyRatio, pooledEstimate: fixed.estimate },
  ];
}

export function differenceWarnings(
  differences: readonly SegmentDifference[],
  { alpha }: Pick<ExperimentRequest, 'alpha'>,
): Warning[] {
  return differences
    .filter(({ adjustedPValue }) => adjustedPValue <= alpha)
    .map(({ segment, metric, arm, adjustedPValue, inconsistencyRatio }) => ({
      code: 'effect-differs',
      message:
        `the effect of ${arm} on ${metric} is not the same for every ${segment} (Cochran's Q, adjusted p = ${adjustedPValue.toPrecision(2)}, ` +
        `${(100 * inconsistencyRatio).toFixed(0)} % of the spread is not chance): the average over all units hides that`,
    }));
}
