import type { ExperimentAnalysis } from '../experiment/result.ts';
import { alignedTable } from './aligned-table.ts';
import { conclusion } from './conclusion.ts';
import { contextTables, hasAdjustment } from './context-tables.ts';
import { plotIntervals } from './interval-plot.ts';
import { selectedText } from './selected-text.ts';
import { count, effectText, percent, pValue, signedPercent, value } from './numbers.ts';

/** The analysis as a table and a small plot for a terminal, without colours. */
export function experimentText(analysis: ExperimentAnalysis): string {
  const { file, rowCount, unitCount, reason, metrics, methods, warnings } = analysis;
  const parts = [
    `${file}: ${count(rowCount)} rows, ${count(unitCount)} units`,
    splitText(analysis),
    ...(reason === null ? [] : [reason]),
    ...(metrics.length === 0 ? [] : [metricsTable(analysis), plotText(analysis)]),
    ...(analysis.segments.length === 0 ? [] : [segmentsTable(analysis)]),
    ...(selectedText(analysis) === '' ? [] : [selectedText(analysis)]),
    ...(analysis.days.length === 0 ? [] : [daysTable(analysis)]),
    ...contextTables(analysis).map(({ title, head, rows }) => `${title}\n${alignedTable(head, rows)}`),
    ...(warnings.length === 0 ? [] : [warnings.map(({ message }) => `warning: ${message}`).join('\n')]),
    ...(methods.length === 0 ? [] : [methods.join('\n')]),
    ...(reason === null ? [conclusion(analysis)] : []),
  ];
  return parts.join('\n\n');
}

function splitText({ split }: ExperimentAnalysis): string {
  const arms = split.arms.map(
    ({ arm, units, expectedUnits }) => `${arm} ${count(units)} (expected ${count(expectedUnits)})`,
  );
  const judged = split.isMismatch
    ? `NOT as intended, p = ${split.pValue.toExponential(1)}`
    : `as intended, p = ${pValue(split.pValue)}`;
  return `split ${judged}: ${arms.join(', ')}`;
}

const RANDOMIZED = { user: 'units', cluster: 'clusters', switchback: 'windows' } as const;

function metricsTable(analysis: ExperimentAnalysis): string {
  const { metrics, control, design } = analysis;
  const isAdjusted = hasAdjustment(analysis);
  const removed = isAdjusted ? ['variance removed'] : [];
  return alignedTable(
    [
      'metric',
      'arm',
      RANDOMIZED[design.kind],
      control,
      'arm mean',
      'effect',
      'p',
      'adjusted p',
      'chance to beat',
      ...removed,
      'reading',
    ],
    metrics.flatMap((metric) =>
      metric.comparisons.map((comparison) => {
        const ofControl = metric.arms.find(({ arm }) => arm === control);
        const ofArm = metric.arms.find(({ arm }) => arm === comparison.arm);
        return [
          metric.metric,
          comparison.arm,
          count((ofArm?.units ?? 0) + (ofControl?.units ?? 0)),
          value(ofControl?.mean ?? 0),
          value(ofArm?.mean ?? 0),
          effectText(comparison.absolute, comparison.relative),
          pValue(comparison.pValue),
          pValue(comparison.adjustedPValue),
          percent(comparison.bayesian.chanceToBeatControl, 1),
          ...(isAdjusted ? [percent(comparison.varianceRemovedRatio ?? 0, 1)] : []),
          comparison.reading,
        ];
      }),
    ),
  );
}

function plotText({ metrics }: ExperimentAnalysis): string {
  const relative = metrics.flatMap(({ metric, comparisons }) =>
    comparisons.flatMap(({ arm, relative: bounds }) =>
      bounds === null ? [] : [{ ...bounds, label: comparisons.length > 1 ? `${metric} ${arm}` : metric }],
    ),
  );
  return relative.length === 0 ? '' : ['relative effect', ...plotIntervals(relative, axisPercent)].join('\n');
}

function daysTable({ days }: ExperimentAnalysis): string {
  return alignedTable(
    ['days since first row', 'metric', 'arm', 'units', 'effect', 'p'],
    days.map(({ day, metric, arm, units, absolute, relative, pValue: p }) => [
      String(day),
      metric,
      arm,
      count(units.control + units.arm),
      effectText(absolute, relative),
      pValue(p),
    ]),
  );
}

function axisPercent(ratio: number): string {
  return signedPercent(ratio, Math.abs(ratio) < 0.1 ? 1 : 0);
}

function segmentsTable({ segments }: ExperimentAnalysis): string {
  return alignedTable(
    ['segment', 'metric', 'arm', 'units', 'effect', 'adjusted p', ''],
    segments.map(({ segment, value: of, metric, arm, units, absolute, relative, adjustedPValue, isHarmed }) => [
      `${segment} = ${of}`,
      metric,
      arm,
      count(units.control + units.arm),
      effectText(absolute, relative),
      pValue(adjustedPValue),
      isHarmed ? 'HARMED' : '',
    ]),
  );
}
