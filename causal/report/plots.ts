import { escape } from '../../report-page/markup.ts';
import type { BalanceReading, CausalReport } from './report.ts';
import { number } from './wording.ts';

const WIDTH = 900;
const LABEL_WIDTH = 260;
const ROW_HEIGHT = 24;

/** Standardized differences before (open) and after (filled), with the limits of balance. */
export function lovePlot(balance: readonly BalanceReading[]): string {
  const differences = balance.flatMap(({ before, after }) => [before, ...(after === null ? [] : [after])]);
  const most = Math.max(0.3, ...differences.map(({ standardizedDifference }) => Math.abs(standardizedDifference)));
  const x = (of: number): number => round(LABEL_WIDTH + (WIDTH - LABEL_WIDTH) * (0.5 + (0.48 * of) / most));
  const height = balance.length * ROW_HEIGHT + 30;
  const bottom = balance.length * ROW_HEIGHT;
  const line = (of: number, name: string): string =>
    `<line class="${name}" x1="${x(of)}" x2="${x(of)}" y1="0" y2="${bottom}"/>`;
  const rows = balance.map(({ covariate, before, after }, index) => {
    const y = index * ROW_HEIGHT + ROW_HEIGHT / 2;
    const filled =
      after === null ? '' : `<circle class="better" cx="${x(after.standardizedDifference)}" cy="${y}" r="5"/>`;
    return `<text x="0" y="${y + 4}">${escape(covariate.slice(0, 40))}</text><circle class="worse" style="fill:none" stroke-width="2" cx="${x(before.standardizedDifference)}" cy="${y}" r="5"/>${filled}`;
  });
  const ticks = [-0.1, 0.1].map(
    (of) => `<text class="tick" x="${x(of)}" y="${bottom + 18}" text-anchor="${of < 0 ? 'end' : 'start'}">${of}</text>`,
  );
  return svg('Standardized differences before (open) and after (filled)', height, [
    line(0, 'axis'),
    line(-0.1, 'zero'),
    line(0.1, 'zero'),
    ...rows,
    ...ticks,
  ]);
}

/** Propensities of the treated upwards and of the controls downwards, each as shares of its group. */
export function overlapPlot({ overlap }: CausalReport): string {
  if (overlap === null) return '';
  const share = (counts: readonly number[]): number[] => {
    const total = counts.reduce((sum, of) => sum + of, 0);
    return counts.map((of) => of / Math.max(1, total));
  };
  const [treated, controls] = [share(overlap.treatedCounts), share(overlap.controlCounts)];
  const most = Math.max(...treated, ...controls);
  const wide = WIDTH / treated.length;
  const bars = treated.flatMap((of, bar) => {
    const [up, down] = [(100 * of) / most, (100 * (controls[bar] ?? 0)) / most];
    const at = round(bar * wide);
    return [
      `<rect class="worse" x="${at}" y="${round(110 - up)}" width="${round(wide - 2)}" height="${round(up)}"/>`,
      `<rect class="open" x="${at}" y="110" width="${round(wide - 2)}" height="${round(down)}"/>`,
    ];
  });
  const ticks = [0, 0.5, 1].map(
    (of) =>
      `<text class="tick" x="${round(Math.min(WIDTH - 10, of * WIDTH))}" y="228" text-anchor="${of === 1 ? 'end' : 'start'}">${of}</text>`,
  );
  return svg('Propensities of the treated (above) and of the controls (below)', 235, [
    ...bars,
    `<line class="axis" x1="0" x2="${WIDTH}" y1="110" y2="110"/>`,
    `<text x="${WIDTH - 4}" y="14" text-anchor="end">treated</text>`,
    `<text x="${WIDTH - 4}" y="206" text-anchor="end">controls</text>`,
    ...ticks,
  ]);
}

/** Estimates of all methods, one above the other. */
export function methodsPlot({ methods, method: chosen, naive }: CausalReport): string {
  const rows = [
    ...methods.flatMap(({ method, effect }) =>
      effect === null
        ? []
        : [
            {
              name: method === chosen ? `${method} (the answer)` : method,
              effect,
              tone: method === chosen ? 'better' : 'open',
            },
          ],
    ),
    ...(naive === null ? [] : [{ name: 'plain difference', effect: naive, tone: 'worse' }]),
  ];
  if (rows.length === 0) return '';
  const least = Math.min(0, ...rows.map(({ effect }) => effect.lower));
  const most = Math.max(0, ...rows.map(({ effect }) => effect.upper));
  const x = (of: number): number =>
    round(LABEL_WIDTH + ((WIDTH - LABEL_WIDTH - 20) * (of - least)) / (most - least || 1) + 10);
  const bottom = rows.length * ROW_HEIGHT;
  const marks = rows.map(({ name, effect, tone }, index) => {
    const y = index * ROW_HEIGHT + ROW_HEIGHT / 2;
    return `<text x="0" y="${y + 4}">${escape(name)}</text><g class="${tone}"><line x1="${x(effect.lower)}" x2="${x(effect.upper)}" y1="${y}" y2="${y}" stroke-width="2"/><circle cx="${x(effect.estimate)}" cy="${y}" r="4"/></g>`;
  });
  return svg('Estimates of all methods', bottom + 28, [
    `<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="0" y2="${bottom}"/>`,
    ...marks,
    ...[least, 0, most].map(
      (of) =>
        `<text class="tick" x="${x(of)}" y="${bottom + 18}" text-anchor="${of === most ? 'end' : 'middle'}">${escape(number(of))}</text>`,
    ),
  ]);
}

function svg(title: string, height: number, marks: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}"><title>${escape(title)}</title>${marks.join('')}</svg>`;
}

function round(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}
