import type { Comparison, ExperimentAnalysis, MetricReading, SegmentReading } from '../experiment/result.ts';
import { conclusion } from './conclusion.ts';
import { contextTables, hasAdjustment } from './context-tables.ts';
import { forestPlot } from './forest-plot.ts';
import { escape } from '../../report-page/markup.ts';
import { count, effectText, percent, pValue, value } from './numbers.ts';
import { list, page, section, table } from '../../report-page/page.ts';

/** The analysis as one HTML page that needs no network. */
export function experimentHtml(analysis: ExperimentAnalysis): string {
  const title = `Experiment in ${baseName(analysis.file)}`;
  const body = [
    `<h1>${escape(title)}</h1>`,
    `<p class="lead ${analysis.status}">${escape(conclusion(analysis))}</p>`,
    splitSection(analysis),
    warningsSection(analysis),
    ...(analysis.metrics.length === 0 ? [] : [metricsSection(analysis)]),
    ...(analysis.segments.length === 0 ? [] : [segmentsSection(analysis)]),
    ...(analysis.days.length === 0 ? [] : [daysSection(analysis)]),
    ...contextTables(analysis).map(({ title, head, rows }) => section(capitalized(title), table(head, rows))),
    ...(analysis.metrics.length === 0 ? [] : [methodsSection(analysis)]),
  ];
  return page(title, body);
}

function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

function splitSection({ split, rowCount, unitCount, design }: ExperimentAnalysis): string {
  const unit = { user: 'units', cluster: 'clusters', switchback: 'regions × windows' }[design.kind];
  const rows = split.arms.map(({ arm, units, expectedUnits }) => [arm, count(units), count(expectedUnits)]);
  const judged = split.isMismatch ? 'The split is not as intended' : 'The split is as intended';
  return section(
    'Who took part',
    `<p>${count(rowCount)} rows of ${count(unitCount)} units. ${judged} (p = ${escape(pValue(split.pValue))}).</p>` +
      table(['arm', unit, 'expected'], rows),
  );
}

function warningsSection({ warnings }: ExperimentAnalysis): string {
  if (warnings.length === 0) return '';
  return section('Know before you decide', list(warnings.map(({ message }) => message)));
}

function metricsSection(analysis: ExperimentAnalysis): string {
  const { metrics, control } = analysis;
  const relative = metrics.flatMap((metric) =>
    metric.comparisons.flatMap((comparison) =>
      comparison.relative === null
        ? []
        : [{ ...comparison.relative, label: `${metric.metric} · ${comparison.arm}`, tone: comparison.reading }],
    ),
  );
  const head = [
    'metric',
    'arm',
    control,
    'arm',
    'effect',
    'p',
    'adjusted p',
    'chance to beat control',
    'expected loss',
    'reading',
  ];
  if (hasAdjustment(analysis)) head.push('noise removed');
  return section(
    `Effects against ${control}`,
    forestPlot('Relative effect on each metric', relative) +
      table(
        head,
        metrics.flatMap((metric) => metric.comparisons.map((comparison) => metricRow(metric, comparison, analysis))),
      ),
  );
}

function metricRow(metric: MetricReading, comparison: Comparison, analysis: ExperimentAnalysis): string[] {
  const { control } = analysis;
  const meanOf = (arm: string): string => value(metric.arms.find((each) => each.arm === arm)?.mean ?? 0);
  const row = [
    `${metric.metric}${metric.role === 'primary' ? ' (primary)' : ''}`,
    comparison.arm,
    meanOf(control),
    meanOf(comparison.arm),
    effectText(comparison.absolute, comparison.relative),
    pValue(comparison.pValue),
    pValue(comparison.adjustedPValue),
    percent(comparison.bayesian.chanceToBeatControl, 1),
    value(comparison.bayesian.expectedLoss),
    comparison.reading,
  ];
  if (hasAdjustment(analysis)) row.push(percent(comparison.varianceRemovedRatio ?? 0, 1));
  return row;
}

function segmentsSection({ segments }: ExperimentAnalysis): string {
  const label = ({ segment, value: of, metric, arm }: SegmentReading): string =>
    `${segment} = ${of} · ${metric} · ${arm}`;
  const relative = segments.flatMap((reading) =>
    reading.relative === null
      ? []
      : [
          {
            ...reading.relative,
            label: label(reading),
            tone: reading.isHarmed ? ('worse' as const) : ('not shown' as const),
          },
        ],
  );
  const rows = segments.map((reading) => [
    label(reading),
    count(reading.units.control + reading.units.arm),
    effectText(reading.absolute, reading.relative),
    pValue(reading.adjustedPValue),
    reading.isHarmed ? 'harmed' : '',
  ]);
  return section(
    'Segments',
    '<p>Segments are where to look next, not proof: the more of them, the more differ by chance.</p>' +
      forestPlot('Relative effect in each segment', relative) +
      table(['segment', 'units', 'effect', 'adjusted p', ''], rows),
  );
}

function daysSection({ days }: ExperimentAnalysis): string {
  const relative = days.flatMap(({ day, arm, relative: bounds }) =>
    bounds === null ? [] : [{ ...bounds, label: `day ${day} · ${arm}`, tone: 'not shown' as const }],
  );
  const rows = days.map(({ day, arm, units, absolute, relative: bounds, pValue: p }) => [
    `day ${day} · ${arm}`,
    count(units.control + units.arm),
    effectText(absolute, bounds),
    pValue(p),
  ]);
  return section(
    'By day since the first row',
    `<p>${escape(days[0]?.metric ?? '')}, each day on its own. An effect that fades is a novelty; one that grows was learnt.</p>` +
      forestPlot('Relative effect by day', relative) +
      table(['day', 'units', 'effect', 'p'], rows),
  );
}

function methodsSection({ methods }: ExperimentAnalysis): string {
  const reading = [
    'An interval holds the true effect with the stated probability; where it includes 0, the file does not tell whether there is an effect.',
    'The p-value says how surprising the difference would be if there were no effect; the adjusted one allows for the number of comparisons.',
  ];
  return section('How it was computed', list([...methods, ...reading]));
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
