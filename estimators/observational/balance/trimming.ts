/** Whom to leave out because nobody of the other group is like them. */
export type TrimmingRule =
  /** Propensities within [α, 1 − α] with the α that makes the variance of the mean effect smallest (Crump et al. 2009). */
  | { readonly rule: 'optimal' }
  /** Propensities that both groups have: from the larger of the two minima to the smaller of the two maxima (Dehejia & Wahba 1999). */
  | { readonly rule: 'common-support' }
  /** The same as far as the treated need it: treated no likelier than the likeliest control, controls no less likely than the least likely treated. */
  | { readonly rule: 'common-support-of-treated' }
  /** Propensities within bounds that were chosen beforehand; 0.1 and 0.9 are usual (Crump et al. 2009). */
  | { readonly rule: 'bounds'; readonly least: number; readonly most: number };

/** Who is left, and how many are not. */
export interface Trimmed {
  /** 1 for each row that is kept. */
  readonly kept: Uint8Array;
  readonly keptTreatedCount: number;
  readonly keptControlCount: number;
  readonly leftOutTreatedCount: number;
  readonly leftOutControlCount: number;
  /** Propensities that are kept of each group. */
  readonly treatedRange: PropensityRange;
  readonly controlRange: PropensityRange;
}

export interface PropensityRange {
  readonly least: number;
  readonly most: number;
}

/**
 * Applies a trimming rule.
 *
 * Source: R. H. Dehejia, S. Wahba, JASA 94 (1999), 1053–1062; R. K. Crump, V. J. Hotz, G. W. Imbens, O. A. Mitnik, Biometrika 96 (2009), 187–199.
 *
 * @param propensity from 0 to 1
 * @throws RangeError for a propensity outside of that, a group without units, or bounds that hold nothing
 */
export function trimmedBy(rule: TrimmingRule, propensity: Float64Array, treatment: Uint8Array): Trimmed {
  const [treatedRange, controlRange] = rangesOf(rule, propensity, treatment);
  const kept = new Uint8Array(propensity.length);
  const counts = { keptTreatedCount: 0, keptControlCount: 0, leftOutTreatedCount: 0, leftOutControlCount: 0 };
  for (let row = 0; row < kept.length; row += 1) {
    const { least, most } = treatment[row] === 1 ? treatedRange : controlRange;
    const isKept = propensity[row]! >= least && propensity[row]! <= most;
    if (isKept) kept[row] = 1;
    if (treatment[row] === 1) counts[isKept ? 'keptTreatedCount' : 'leftOutTreatedCount'] += 1;
    else counts[isKept ? 'keptControlCount' : 'leftOutControlCount'] += 1;
  }
  return { kept, ...counts, treatedRange, controlRange };
}

function rangesOf(
  rule: TrimmingRule,
  propensity: Float64Array,
  treatment: Uint8Array,
): readonly [PropensityRange, PropensityRange] {
  const controls = supportOf(propensity, treatment, 0);
  const treated = supportOf(propensity, treatment, 1);
  switch (rule.rule) {
    case 'optimal': {
      const cut = optimalCut(propensity);
      return [both(cut), both(cut)];
    }
    case 'common-support': {
      const range = { least: Math.max(controls.least, treated.least), most: Math.min(controls.most, treated.most) };
      return [range, range];
    }
    case 'common-support-of-treated':
      return [
        { least: 0, most: controls.most },
        { least: treated.least, most: 1 },
      ];
    case 'bounds': {
      const { least, most } = rule;
      if (!(least >= 0 && least < most && most <= 1))
        throw new RangeError(`trimming: needs 0 <= least < most <= 1, got ${least} and ${most}`);
      return [rule, rule];
    }
  }
}

function both(cut: number): PropensityRange {
  return { least: cut, most: 1 - cut };
}

/** The propensities of a group. @throws RangeError where it has no units, or a propensity is none */
export function supportOf(propensity: Float64Array, treatment: Uint8Array, group: 0 | 1): PropensityRange {
  let [least, most] = [Infinity, -Infinity];
  for (let row = 0; row < propensity.length; row += 1) {
    const of = propensity[row]!;
    if (!(of >= 0 && of <= 1)) throw new RangeError(`overlap: the propensity of row ${row} is ${of}`);
    if (treatment[row] !== group) continue;
    if (of < least) least = of;
    if (of > most) most = of;
  }
  if (least > most) throw new RangeError(`overlap: there are no ${group === 1 ? 'treated units' : 'controls'}`);
  return { least, most };
}

/**
 * The smallest α with 1/(α(1 − α)) ≤ 2 E[1/(e(1 − e)) | α ≤ e ≤ 1 − α]; 0 where nobody need be left out. It is the distance to 0 or 1 of the last unit that is
 * kept, so that rounding leaves nobody out who is to stay.
 *
 * Source: Crump et al. 2009, corollary 1.
 */
export function optimalCut(propensity: Float64Array): number {
  const distances = propensity.map((e) => Math.min(e, 1 - e)).sort();
  let sum = 0;
  let cut = 0.5;
  for (let count = 1; count <= distances.length; count += 1) {
    const distance = distances[distances.length - count]!;
    const cost = 1 / (distance * (1 - distance));
    if (!Number.isFinite(cost)) break;
    sum += cost;
    if (cost * count <= 2 * sum) cut = distance;
  }
  return cut === distances[0] ? 0 : cut;
}
