import type { Comparison } from '../experiment/result.ts';
import { scaleOf, type PlottedInterval, type Scale } from './interval-plot.ts';
import { escape } from '../../report-page/markup.ts';
import { signedPercent } from './numbers.ts';

export interface ForestRow extends PlottedInterval {
  readonly tone: Comparison['reading'];
}

const LABEL_WIDTH = 310;
const PLOT_WIDTH = 430;
const TEXT_WIDTH = 260;
const ROW_HEIGHT = 26;
const AXIS_HEIGHT = 28;
const MOST_TICKS = 7;

/** Relative intervals one above the other, as inline SVG; nothing where there are none. */
export function forestPlot(title: string, rows: readonly ForestRow[]): string {
  if (rows.length === 0) return '';
  const scale = scaleOf(rows, PLOT_WIDTH);
  const height = rows.length * ROW_HEIGHT + AXIS_HEIGHT;
  const width = LABEL_WIDTH + PLOT_WIDTH + TEXT_WIDTH;
  const bottom = rows.length * ROW_HEIGHT;
  const zero = LABEL_WIDTH + scale.at(0);
  const marks = [
    `<title>${escape(title)}</title>`,
    `<line class="axis" x1="${LABEL_WIDTH}" x2="${LABEL_WIDTH + PLOT_WIDTH}" y1="${bottom}" y2="${bottom}"/>`,
    ...ticksOf(scale).map((tick) => tickMark(tick, scale, bottom)),
    `<line class="zero" x1="${round(zero)}" x2="${round(zero)}" y1="0" y2="${bottom}"/>`,
    ...rows.map((row, index) => rowMark(row, scale, index * ROW_HEIGHT + ROW_HEIGHT / 2)),
  ];
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">${marks.join('')}</svg>`;
}

const TONES = { better: 'better', worse: 'worse', 'not shown': 'open' } as const;

function rowMark({ label, estimate, lower, upper, tone }: ForestRow, scale: Scale, y: number): string {
  const [from, to, at] = [lower, upper, estimate].map((value) => round(LABEL_WIDTH + scale.at(value)));
  const text = `${signedPercent(estimate)} (${signedPercent(lower)} to ${signedPercent(upper)})`;
  return (
    `<g class="${TONES[tone]}"><line x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke-width="2"/><circle cx="${at}" cy="${y}" r="4"/></g>` +
    `<text x="0" y="${y + 4}">${escape(shortened(label))}<title>${escape(label)}</title></text>` +
    `<text x="${LABEL_WIDTH + PLOT_WIDTH + 10}" y="${y + 4}">${text}</text>`
  );
}

function tickMark(tick: number, scale: Scale, bottom: number): string {
  const x = round(LABEL_WIDTH + scale.at(tick));
  const label = tick === 0 ? '0' : `${tick < 0 ? '−' : '+'}${Number((100 * Math.abs(tick)).toPrecision(3))} %`;
  return `<line class="axis" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick" x="${x}" y="${bottom + 18}" text-anchor="middle">${label}</text>`;
}

/** Round numbers on the scale, 0 among them. */
function ticksOf({ lower, upper }: Scale): number[] {
  const rough = (upper - lower) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? 10 * power;
  const ticks = [];
  for (let at = Math.ceil(lower / step); at <= Math.floor(upper / step); at += 1) ticks.push(at * step);
  return ticks;
}

const LONGEST_LABEL = 50;

function shortened(label: string): string {
  return label.length <= LONGEST_LABEL ? label : `${label.slice(0, LONGEST_LABEL - 1)}…`;
}

function round(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}
