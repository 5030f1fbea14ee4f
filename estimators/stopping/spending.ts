import { normalQuantile, normalTail } from '../normal.ts';

/**
 * How the error level is spent over the information:
 * - `obrien-fleming`: hardly any early, so that the last look costs almost nothing (Lan & DeMets);
 * - `pocock`: about evenly (Lan & DeMets);
 * - `hwang-shih-decani`: α (1 − e^(−γt)) / (1 − e^(−γ)); γ = −4 resembles O'Brien-Fleming, γ = 1 Pocock;
 * - `power`: α t^ρ; ρ = 3 resembles O'Brien-Fleming, ρ = 1 Pocock (Kim & DeMets).
 */
export type Spending =
  | 'obrien-fleming'
  | 'pocock'
  | { readonly family: 'hwang-shih-decani'; readonly gamma: number }
  | { readonly family: 'power'; readonly rho: number };

/**
 * What may have been spent of a one-sided error level when the fraction `information` of the planned information is there.
 *
 * Sources: K. K. G. Lan, D. L. DeMets, Biometrika 70 (1983), 659–663; K. Kim, D. L. DeMets, Biometrika 74 (1987), 149–154; I. K. Hwang,
 * W. J. Shih, J. S. DeCani, Statistics in Medicine 9 (1990), 1439–1445.
 *
 * @param alpha one-sided level in (0, 1)
 * @param information fraction above 0; from 1 on everything is spent
 * @throws RangeError for an alpha or a fraction that cannot be, or a family's parameter that is not finite (ρ: above 0)
 */
export function spent(spending: Spending, alpha: number, information: number): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`spending: alpha must lie between 0 and 1, got ${alpha}`);
  if (!(information > 0)) throw new RangeError(`spending: an information fraction must be above 0, got ${information}`);
  const t = Math.min(1, information);
  if (spending === 'obrien-fleming') return t === 1 ? alpha : 2 * normalTail(normalQuantile(alpha / 2) / Math.sqrt(t));
  if (spending === 'pocock') return t === 1 ? alpha : alpha * Math.log1p((Math.E - 1) * t);
  switch (spending.family) {
    case 'hwang-shih-decani': {
      const { gamma } = spending;
      if (!Number.isFinite(gamma)) throw new RangeError(`spending: gamma must be finite, got ${gamma}`);
      return gamma === 0 ? alpha * t : (alpha * Math.expm1(-gamma * t)) / Math.expm1(-gamma);
    }
    case 'power': {
      const { rho } = spending;
      if (!(rho > 0) || !Number.isFinite(rho)) throw new RangeError(`spending: rho must be above 0, got ${rho}`);
      return alpha * t ** rho;
    }
  }
}
