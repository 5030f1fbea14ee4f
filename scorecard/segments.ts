import { adjustedPValues } from '../estimators/comparisons/adjusted-p-values.ts';
import { treatmentsOf } from './arms.ts';
import type { ScorecardInput, SegmentStatistics } from './build.ts';
import { compareArms } from './compare-arms.ts';
import { boundedLift, rareProportion } from './rare-proportion.ts';
import type { SegmentReadout } from './scorecard.ts';
import { signedPercent } from './wording.ts';

/**
 * The primary metric within each segment that has enough matured units in both arms. A positive average may hide people who are worse off: the
 * harmed segments come first.
 */
export function segmentReadouts(input: ScorecardInput): SegmentReadout[] {
  const { definition, metrics, reading, segmentStatistics } = input;
  const metric = metrics.get(definition.metrics.primary);
  if (metric === undefined || reading.kind === 'waiting') return [];
  const { stopping } = definition;
  const readouts = [...bySegment(segmentStatistics).values()].flatMap((statistics) =>
    treatmentsOf(definition).flatMap((variant) => {
      const control = statistics.find((each) => each.variant === definition.control);
      const treatment = statistics.find((each) => each.variant === variant);
      if (control === undefined || treatment === undefined) return [];
      const compared = compareArms({ control, treatment, alpha: stopping.alpha, stopping, reading });
      if (compared === null) return [];
      const { attribute, value } = treatment;
      const watched = { definition, metric, variant, control, treatment, alpha: stopping.alpha };
      const rare = reading.kind === 'any-time' ? rareProportion(watched) : null;
      const { absolute, pValue } = rare ?? compared;
      const relative = rare === null ? compared.relative : boundedLift(rare);
      const units = { controlUnits: control.count, variantUnits: treatment.count };
      return [{ attribute, value, variant, ...units, absolute, relative, pValue }];
    }),
  );
  const adjusted = adjustedPValues(
    readouts.map(({ pValue }) => pValue),
    'bh',
  );
  return readouts
    .map((readout, index) => {
      const adjustedPValue = adjusted[index] ?? 1;
      const isWorse = readout.absolute.estimate > 0 !== (metric.goodDirection === 'increase');
      return { ...readout, adjustedPValue, isHarmed: isWorse && adjustedPValue <= stopping.alpha };
    })
    .sort((a, b) => Number(b.isHarmed) - Number(a.isHarmed) || a.adjustedPValue - b.adjustedPValue);
}

const MOST_NAMED = 3;

/** Where a variant is worse, in a sentence; nothing where it is nowhere. */
export function harmWarning(segments: readonly SegmentReadout[]): string[] {
  const harmed = segments.filter(({ isHarmed }) => isHarmed);
  if (harmed.length === 0) return [];
  const named = harmed
    .slice(0, MOST_NAMED)
    .map(({ attribute, value, absolute, relative }) => {
      const effect = relative === null ? absolute.estimate.toPrecision(3) : signedPercent(relative.estimate);
      return `${attribute} = ${value} (${effect})`;
    })
    .join(', ');
  const others = harmed.length > MOST_NAMED ? ` and ${harmed.length - MOST_NAMED} more` : '';
  return [`Worse for ${named}${others}.`];
}

function bySegment(statistics: readonly SegmentStatistics[]): Map<string, SegmentStatistics[]> {
  const found = new Map<string, SegmentStatistics[]>();
  for (const each of statistics) {
    const name = JSON.stringify([each.attribute, each.value]);
    found.set(name, [...(found.get(name) ?? []), each]);
  }
  return found;
}
