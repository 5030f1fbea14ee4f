import type { Effect } from '../../effect.ts';
import type { Nuisances } from './nuisances.ts';

export interface DoublyRobustEffect extends Effect {
  /** Rows whose propensity was cut at the bounds. */
  readonly boundedCount: number;
}

/** Propensities nearer to 0 and 1 are cut there: otherwise single units could decide everything. */
const BOUND = 0.01;

/**
 * Augmented inverse-probability weighting (doubly robust): predictions of the outcome, corrected by weighted residuals. Right when either the outcomes or
 * the propensities are predicted well; with cross-fitted predictions of any kind the interval holds (double machine learning). The standard error is
 * that of the influence function.
 *
 * Source: J. M. Robins, A. Rotnitzky, L. P. Zhao, JASA 89 (1994), 846–866; V. Chernozhukov et al., Econometrics Journal 21 (2018), C1–C68, equations 5.3
 * (ATE) and 5.4 (ATT).
 *
 * @param bound propensities are cut at this and 1 minus this; for the ATT only from above
 * @throws RangeError for a bound outside [0, 0.5)
 */
export function aipwEffect(
  treatment: Uint8Array,
  outcome: Float64Array,
  { propensity, withoutTreatment, withTreatment }: Nuisances,
  estimand: 'ATT' | 'ATE',
  bound = BOUND,
): DoublyRobustEffect {
  if (!(bound >= 0 && bound < 0.5)) throw new RangeError(`AIPW: the bound must lie in [0, 0.5), got ${bound}`);
  const rowCount = outcome.length;
  const scores = new Float64Array(rowCount);
  let [sum, treatedCount, boundedCount] = [0, 0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    const given = propensity[row]!;
    const lower = estimand === 'ATT' ? 0 : bound;
    const e = Math.min(1 - bound, Math.max(lower, given));
    if (e !== given) boundedCount += 1;
    const isTreated = treatment[row] === 1;
    treatedCount += treatment[row]!;
    const residual = outcome[row]! - (isTreated && estimand === 'ATE' ? withTreatment[row]! : withoutTreatment[row]!);
    const score =
      estimand === 'ATT'
        ? isTreated
          ? residual
          : (-e / (1 - e)) * residual
        : withTreatment[row]! - withoutTreatment[row]! + (isTreated ? residual / e : -residual / (1 - e));
    scores[row] = score;
    sum += score;
  }
  const total = estimand === 'ATT' ? treatedCount : rowCount;
  const estimate = sum / total;
  let squares = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const share = estimand === 'ATT' ? treatment[row]! : 1;
    squares += (scores[row]! - share * estimate) ** 2;
  }
  return { estimate, standardError: Math.sqrt(squares) / total, boundedCount };
}
