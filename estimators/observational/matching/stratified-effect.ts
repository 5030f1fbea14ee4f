import type { Effect } from '../../effect.ts';

export interface StratifiedEffect extends Effect {
  readonly estimand: 'ATT' | 'ATE';
  /** Strata with units of both groups. */
  readonly stratumCount: number;
  /** Treated and control units in such strata. */
  readonly treatedCount: number;
  readonly controlCount: number;
  /** Those without anybody to compare with, who are left out. */
  readonly leftOutTreatedCount: number;
  readonly leftOutControlCount: number;
  /** One for each row, 0 where it is left out; within a group they add up to its units. */
  readonly weights: Float64Array;
  readonly effectiveControlCount: number;
}

/**
 * The mean difference within strata, averaged by how many units asked about each of them has. Strata that lack a group are left out, and counted: the
 * estimate is about the units that are left. The standard error allows for the spread within strata and for the spread of effects among them; where a
 * stratum has one unit of a group, its spread is taken from the strata that have more.
 *
 * Source: G. W. Imbens, D. B. Rubin, Causal Inference for Statistics, Social, and Biomedical Sciences (2015), chapter 17; S. M. Iacus, G. King, G. Porro,
 * Political Analysis 20 (2012), 1–24 (weights of coarsened exact matching).
 *
 * @param strata for each row its stratum, from 0 on; below 0: in none
 * @throws RangeError where no stratum has units of both groups
 */
export function stratifiedEffect(
  strata: Int32Array,
  treatment: Uint8Array,
  outcome: Float64Array,
  estimand: 'ATT' | 'ATE',
): StratifiedEffect {
  const groups = sumsByStratum(strata, treatment, outcome);
  const isUsed = groups.map(({ counts: [control, treated] }) => control > 0 && treated > 0);
  const used = groups.filter((_, index) => isUsed[index]);
  if (used.length === 0) throw new RangeError('strata: none has both treated and control units; make them coarser');
  const of = ({ counts }: Stratum): number => (estimand === 'ATT' ? counts[1] : counts[0] + counts[1]);
  const total = used.reduce((sum, each) => sum + of(each), 0);
  const difference = ({ counts, sums }: Stratum): number => sums[1] / counts[1] - sums[0] / counts[0];
  const estimate = used.reduce((sum, each) => sum + (of(each) / total) * difference(each), 0);
  const pooled = [0, 1].map((group) => pooledVariance(used, group as 0 | 1));
  let variance = 0;
  for (const each of used) {
    const share = of(each) / total;
    for (const group of [0, 1] as const) {
      const count = each.counts[group];
      const own = count > 1 ? each.squares[group] / (count - 1) : pooled[group]!;
      variance += (share * share * own) / count;
    }
    // The units asked about are a sample too: how their strata's effects differ.
    variance += (share * (difference(each) - estimate) ** 2) / total;
  }
  return {
    estimand,
    estimate,
    standardError: Math.sqrt(variance),
    stratumCount: used.length,
    ...weightsOf(strata, treatment, groups, isUsed, estimand),
  };
}

interface Stratum {
  /** Control, treated. */
  readonly counts: [number, number];
  readonly sums: [number, number];
  /** Squared distances from the group's mean. */
  readonly squares: [number, number];
}

function sumsByStratum(strata: Int32Array, treatment: Uint8Array, outcome: Float64Array): Stratum[] {
  let most = -1;
  for (let row = 0; row < strata.length; row += 1) if (strata[row]! > most) most = strata[row]!;
  const groups = Array.from({ length: most + 1 }, (): Stratum => ({ counts: [0, 0], sums: [0, 0], squares: [0, 0] }));
  for (let row = 0; row < strata.length; row += 1) {
    const group = groups[strata[row]!];
    if (group === undefined) continue;
    const arm = treatment[row] === 1 ? 1 : 0;
    group.counts[arm] += 1;
    group.sums[arm] += outcome[row]!;
  }
  for (let row = 0; row < strata.length; row += 1) {
    const group = groups[strata[row]!];
    if (group === undefined) continue;
    const arm = treatment[row] === 1 ? 1 : 0;
    group.squares[arm] += (outcome[row]! - group.sums[arm] / group.counts[arm]) ** 2;
  }
  return groups;
}

/** 0 where every stratum has one unit of the group: what they spread is in how the differences of the strata spread then. */
function pooledVariance(used: readonly Stratum[], group: 0 | 1): number {
  let [squares, freedom] = [0, 0];
  for (const each of used) {
    squares += each.squares[group];
    freedom += each.counts[group] - 1;
  }
  return freedom > 0 ? squares / freedom : 0;
}

function weightsOf(
  strata: Int32Array,
  treatment: Uint8Array,
  groups: readonly Stratum[],
  isUsed: readonly boolean[],
  estimand: 'ATT' | 'ATE',
) {
  const weights = new Float64Array(strata.length);
  const counted = { treatedCount: 0, controlCount: 0, leftOutTreatedCount: 0, leftOutControlCount: 0 };
  let [totalTreated, totalControl] = [0, 0];
  for (let row = 0; row < strata.length; row += 1) {
    const arm = treatment[row] === 1 ? 1 : 0;
    const group = groups[strata[row]!];
    if (group === undefined || isUsed[strata[row]!] !== true) {
      if (arm === 1) counted.leftOutTreatedCount += 1;
      else counted.leftOutControlCount += 1;
      continue;
    }
    const asked = estimand === 'ATT' ? group.counts[1] : group.counts[0] + group.counts[1];
    const weight = asked / group.counts[arm];
    weights[row] = weight;
    if (arm === 1) {
      counted.treatedCount += 1;
      totalTreated += weight;
    } else {
      counted.controlCount += 1;
      totalControl += weight;
    }
  }
  let squares = 0;
  for (let row = 0; row < weights.length; row += 1) {
    const isTreated = treatment[row] === 1;
    weights[row]! *= isTreated ? counted.treatedCount / totalTreated : counted.controlCount / totalControl;
    if (!isTreated) squares += weights[row]! ** 2;
  }
  return { ...counted, weights, effectiveControlCount: counted.controlCount ** 2 / squares };
}
