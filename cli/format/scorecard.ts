import type { Interval, MetricReadout, Scorecard, SegmentReadout, SplitReadout } from '../../scorecard/scorecard.ts';
import { table } from './table.ts';

/** A scorecard for a terminal. With an untrusted split it shows no effect, and the reason. */
export function scorecardText(scorecard: Scorecard): string {
  const { experimentKey, epoch, computedAtMs, verdict, summary, readouts, gates, split } = scorecard;
  const parts = [
    `${experimentKey}, epoch ${epoch}, ${new Date(computedAtMs).toISOString()}`,
    `${verdict}: ${summary}`,
    readouts.length === 0
      ? 'no effect is shown'
      : table(
          ['metric', 'role', 'variant', 'control → variant', 'relative', 'p', 'units'],
          readouts.map(readoutRow),
          '',
        ),
    table(
      ['gate', 'status', 'why'],
      gates.map(({ gate, metricKey, status, reason }) => [
        metricKey === null ? gate : `${gate} ${metricKey}`,
        status,
        reason,
      ]),
      'no gate was judged yet',
    ),
  ];
  // Scorecards that an older version stored have no segments.
  const segments = (scorecard as Partial<Scorecard>).segments ?? [];
  if (segments.length > 0) parts.push(segmentTable(segments));
  if (split !== null) parts.push(splitText(split));
  const leftOut = leftOutLines(scorecard);
  if (leftOut.length > 0) parts.push(`left out: ${leftOut.join('; ')}`);
  return parts.join('\n\n');
}

function readoutRow(readout: MetricReadout): string[] {
  const { metricKey, role, variant, controlMean, variantMean, relative, absolute, pValue, valueUnit } = readout;
  return [
    metricKey,
    role,
    variant,
    `${significant(controlMean)} → ${significant(variantMean)} ${valueUnit}`,
    relative === null ? `${interval(absolute, significant)} ${valueUnit} (absolute)` : interval(relative, percent),
    pValueText(pValue, readout.adjustedPValue),
    `${readout.controlUnits} / ${readout.variantUnits}`,
  ];
}

const MOST_SEGMENTS = 10;

function segmentTable(segments: readonly SegmentReadout[]): string {
  const rows = segments
    .slice(0, MOST_SEGMENTS)
    .map((segment) => [
      `${segment.attribute} = ${segment.value}`,
      segment.variant,
      segment.relative === null ? interval(segment.absolute, significant) : interval(segment.relative, percent),
      pValueText(segment.pValue, segment.adjustedPValue),
      `${segment.controlUnits} / ${segment.variantUnits}`,
      segment.isHarmed ? 'HARMED' : '',
    ]);
  const more = segments.length > MOST_SEGMENTS ? `\n(${segments.length - MOST_SEGMENTS} more segments)` : '';
  return table(['primary metric where', 'variant', 'effect', 'p', 'units', ''], rows, '') + more;
}

/** With the p-value that is corrected for the number of comparisons, where there is one. */
function pValueText(pValue: number, adjusted: number | null | undefined): string {
  const text = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toFixed(4));
  return adjusted === null || adjusted === undefined ? text(pValue) : `${text(pValue)} (corrected ${text(adjusted)})`;
}

function splitText({ pValue, threshold, watched, isMismatch, counts, suspectSegments }: SplitReadout): string {
  const arms = counts.map(
    ({ variant, units, expectedUnits }) => `${variant} ${units} (expected ${expectedUnits.toFixed(0)})`,
  );
  const failed = watched === undefined || pValue < threshold ? { pValue, threshold } : watched;
  const judged = isMismatch ? `MISMATCH, p = ${failed.pValue.toExponential(1)} < ${failed.threshold}` : 'as defined';
  const lines = [`split ${judged}: ${arms.join(', ')}`];
  for (const { attribute, value, counts: inSegment, pValue: p } of suspectSegments) {
    const inArms = inSegment.map(({ variant, units }) => `${variant} ${units}`).join(', ');
    lines.push(`  most wrong where ${attribute} = ${value}: ${inArms} (p = ${p.toExponential(1)})`);
  }
  return lines.join('\n');
}

function leftOutLines({ leftOut }: Scorecard): string[] {
  const lines = [];
  if (leftOut.crossedUnits > 0)
    lines.push(`${leftOut.crossedUnits} units saw more than one variant (analysed by their first)`);
  if (leftOut.notRandomExposures > 0) lines.push(`${leftOut.notRandomExposures} exposures were not random`);
  for (const [metric, units] of Object.entries(leftOut.immatureUnits)) {
    if (units > 0) lines.push(`${units} units whose ${metric} window is still open`);
  }
  return lines;
}

function interval({ estimate, lower, upper }: Interval, format: (value: number) => string): string {
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`;
  return `${signed(estimate)} (${signed(lower)} to ${signed(upper)})`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(2)} %`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(4)));
}
