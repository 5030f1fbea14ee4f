import type { Estimand } from '../columns.ts';

/** How the propensities of the groups lie over each other. */
export interface Overlap {
  /** Edges of the bars, one more than bars. */
  readonly edges: readonly number[];
  readonly treatedCounts: readonly number[];
  readonly controlCounts: readonly number[];
  /** The share of the treated whose propensity lies within those of the controls. */
  readonly commonSupportRatio: number;
}

const BARS = 20;

export function overlapOf(propensity: Float64Array, treatment: Uint8Array): Overlap {
  const treatedCounts = new Array<number>(BARS).fill(0);
  const controlCounts = new Array<number>(BARS).fill(0);
  const range = supportOf(propensity, treatment, 0);
  let [inside, treated] = [0, 0];
  for (let row = 0; row < propensity.length; row += 1) {
    const of = propensity[row]!;
    const bar = Math.min(BARS - 1, Math.floor(of * BARS));
    if (treatment[row] === 1) {
      treatedCounts[bar]! += 1;
      treated += 1;
      if (of >= range.least && of <= range.most) inside += 1;
    } else controlCounts[bar]! += 1;
  }
  const edges = Array.from({ length: BARS + 1 }, (_, bar) => bar / BARS);
  return { edges, treatedCounts, controlCounts, commonSupportRatio: inside / treated };
}

function supportOf(propensity: Float64Array, treatment: Uint8Array, group: 0 | 1) {
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < propensity.length; row += 1)
    if (treatment[row] === group) {
      least = Math.min(least, propensity[row]!);
      most = Math.max(most, propensity[row]!);
    }
  return { least, most };
}

/**
 * Who is kept so that everybody has somebody to be compared with. For the effect on the treated: those whose propensity lies within the range of the
 * controls' (Dehejia & Wahba 1999), and controls at least as likely as the least likely treated unit. For the effect on everybody: propensities
 * within [α, 1 − α], with the α that makes the variance smallest (Crump et al. 2009, corollary 1).
 *
 * Source: R. H. Dehejia, S. Wahba, JASA 94 (1999), 1053–1062; R. K. Crump, V. J. Hotz, G. W. Imbens, O. A. Mitnik, Biometrika 96 (2009), 187–199.
 *
 * @returns 1 for each row that is kept
 */
export function keptByOverlap(propensity: Float64Array, treatment: Uint8Array, estimand: Estimand): Uint8Array {
  const kept = new Uint8Array(propensity.length).fill(1);
  if (estimand === 'ATO') return kept;
  if (estimand === 'ATE') {
    const cut = optimalCut(propensity);
    for (let row = 0; row < kept.length; row += 1)
      if (propensity[row]! < cut || propensity[row]! > 1 - cut) kept[row] = 0;
    return kept;
  }
  const controls = supportOf(propensity, treatment, 0);
  const treated = supportOf(propensity, treatment, 1);
  for (let row = 0; row < kept.length; row += 1) {
    const of = propensity[row]!;
    const isKept = treatment[row] === 1 ? of <= controls.most : of >= treated.least;
    if (!isKept) kept[row] = 0;
  }
  return kept;
}

/** The smallest α with 1/(α(1 − α)) ≤ 2 E[1/(e(1 − e)) | α ≤ e ≤ 1 − α]; 0 where nobody need be left out. */
function optimalCut(propensity: Float64Array): number {
  const costs = propensity.map((e) => 1 / (e * (1 - e))).sort();
  let sum = 0;
  let cost = 0;
  for (let count = 1; count <= costs.length; count += 1) {
    const of = costs[count - 1]!;
    if (!Number.isFinite(of)) break;
    sum += of;
    if (of <= (2 * sum) / count) cost = of;
  }
  if (cost === costs.at(-1)) return 0;
  return 0.5 - Math.sqrt(Math.max(0, 0.25 - 1 / cost));
}
