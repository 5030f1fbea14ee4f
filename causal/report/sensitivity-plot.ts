import { sensitivityContours } from '../../estimators/observational/sensitivity/omitted-variable-bias.ts';
import type { Robustness } from '../../estimators/observational/sensitivity/robustness-value.ts';
import { escape } from '../../report-page/markup.ts';

const [LEFT, SIZE, STEPS] = [60, 400, 25];
const NAMED = 5;

/**
 * What a hidden confounder of any strength would leave of the estimate: nothing or the opposite, no significance, or all that matters; beside confounders as
 * strong as the measured covariates (Cinelli & Hazlett 2020, figure 2).
 */
export function sensitivityPlot(robustness: Robustness, alpha: number): string {
  const points = robustness.benchmarks.flatMap(({ covariate, likeIt }) =>
    likeIt === null ? [] : [{ covariate, ...likeIt }],
  );
  const strongest = points.slice(0, NAMED);
  const farthest = strongest.reduce(
    (most, { withTreatment, withOutcome }) => Math.max(most, withTreatment, withOutcome),
    robustness.value,
  );
  const most = Math.min(0.95, Math.max(0.02, 1.4 * farthest));
  const at = (share: number): number => Math.round((SIZE * 10 * share) / most) / 10;
  const { estimates, limits } = sensitivityContours(robustness, { most, steps: STEPS, alpha });
  const side = SIZE / STEPS;
  const cells = estimates.slice(1).flatMap((row, up) =>
    row.slice(1).map((estimate, across) => {
      const tone = toneOf(robustness.estimate, estimate, limits[up + 1]?.[across + 1] ?? 0);
      return `<rect class="${tone}" style="stroke:none" fill-opacity="0.25" x="${LEFT + across * side}" y="${SIZE - (up + 1) * side}" width="${side}" height="${side}"/>`;
    }),
  );
  const marks = strongest.map(({ covariate, withTreatment, withOutcome }) => {
    const [x, y] = [LEFT + at(withTreatment), SIZE - at(withOutcome)];
    return `<circle cx="${x}" cy="${y}" r="4"/><text x="${x + 7}" y="${y + 4}">${escape(covariate.slice(0, 40))}</text>`;
  });
  const ticks = [0, 0.5, 1].flatMap((share) => [
    `<text class="tick" x="${LEFT + share * SIZE}" y="${SIZE + 16}" text-anchor="middle">${percent(share * most)}</text>`,
    `<text class="tick" x="${LEFT - 6}" y="${SIZE - share * SIZE + 4 + 6 * share}" text-anchor="end">${percent(share * most)}</text>`,
  ]);
  const title =
    'What a hidden confounder would leave, by the share that it explains of the treatment and of the outcome';
  const key = [
    ['worse', 'nothing, or the opposite'],
    ['open', 'not significant'],
    ['better', 'the effect stays'],
  ].map(
    ([tone, text], place) =>
      `<rect class="${tone}" style="stroke:none" fill-opacity="0.25" x="${LEFT + SIZE + 30}" y="${20 + 26 * place}" width="16" height="16"/><text x="${LEFT + SIZE + 54}" y="${33 + 26 * place}">${text}</text>`,
  );
  return `<svg viewBox="0 0 900 ${SIZE + 44}" role="img" aria-label="${title}"><title>${title}</title>${[...cells, ...marks, ...ticks, ...key].join('')}<text x="${LEFT}" y="${SIZE + 36}">share of the treatment (across) and of the outcome (up) that it explains; points: confounders as strong as these covariates</text></svg>`;
}

function toneOf(before: number, estimate: number, limit: number): 'worse' | 'open' | 'better' {
  if (Math.sign(estimate) !== Math.sign(before)) return 'worse';
  return Math.sign(limit) === Math.sign(before) ? 'better' : 'open';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
