import type { Estimand } from '../columns.ts';
import { supportOf, trimmedBy } from './trimming.ts';

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

/** @throws RangeError where a group has no units, or a propensity is not between 0 and 1 */
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
  if (treated === 0) throw new RangeError('overlap: there are no treated units');
  const edges = Array.from({ length: BARS + 1 }, (_, bar) => bar / BARS);
  return { edges, treatedCounts, controlCounts, commonSupportRatio: inside / treated };
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
  if (estimand === 'ATO') return new Uint8Array(propensity.length).fill(1);
  const rule = estimand === 'ATE' ? 'optimal' : 'common-support-of-treated';
  return trimmedBy({ rule }, propensity, treatment).kept;
}
