import { seededRandom } from '../seeded-random.ts';

/** History of one region in slots, the finest time in which windows can be cut. */
export interface RegionHistory {
  readonly region: string;
  /** Outcome of each slot, one after the other. */
  readonly values: readonly number[];
}

export interface DesignerInput {
  readonly history: readonly RegionHistory[];
  /** Length of a slot, ms. */
  readonly slotMs: number;
  /** Lengths to be tried, ms; multiples of the slot. */
  readonly windowMs: readonly number[];
  /** What the treatment adds to a slot once it has its whole effect. */
  readonly effect: number;
  /** Time in which half of an effect is gone after a switch, or half of it has come, ms; 0: none carries over. */
  readonly halfLifeMs: number;
  /** Left out at the beginning of each window, ms; default 0. */
  readonly burnInMs?: number;
  /** Experiments simulated for each length, default 500. */
  readonly replicates?: number;
  readonly seed: number;
}

export interface WindowLengthRisk {
  readonly windowMs: number;
  /** Mean estimate minus the effect, per slot: what carries over pulls it towards 0. */
  readonly bias: number;
  readonly standardDeviation: number;
  readonly rootMeanSquaredError: number;
}

/**
 * Which window length estimates best: short windows let effects carry over into the next (bias), long ones are few (variance). History is
 * cut into windows of each length, a fair coin decides each, the effect comes and goes exponentially, and the difference of the windows' means, with
 * each region's level taken out, is compared with the effect that a permanent treatment would have.
 *
 * Source: I. Bojinov, D. Simchi-Levi, J. Zhao, "Design and analysis of switchback experiments", Management Science 69 (2023), 3759–3777, who
 * solve the case in which nothing is known of the outcomes; here history stands for them.
 *
 * @returns the lengths with the smallest error first
 * @throws RangeError for lengths that are no multiples of the slot, leave nothing after the burn-in, or too few windows, or for other numbers
 *   that cannot be
 */
export function compareWindowLengths(input: DesignerInput): readonly WindowLengthRisk[] {
  const { replicates = 500 } = input;
  assertInput(input);
  if (!Number.isSafeInteger(replicates) || replicates < 2)
    throw new RangeError(`window lengths: needs at least 2 replicates, got ${replicates}`);
  return input.windowMs
    .map((windowMs) => riskOf(input, windowMs, replicates))
    .sort((a, b) => a.rootMeanSquaredError - b.rootMeanSquaredError);
}

function riskOf(input: DesignerInput, windowMs: number, replicates: number): WindowLengthRisk {
  const random = seededRandom(input.seed);
  let [count, sum, squares] = [0, 0, 0];
  for (let replicate = 0; replicate < replicates; replicate += 1) {
    const estimate = simulate(input, windowMs, random.uniform);
    if (estimate === undefined) continue;
    const error = estimate - input.effect;
    count += 1;
    sum += error;
    squares += error ** 2;
  }
  if (count < replicates / 2)
    throw new RangeError(`window lengths: with windows of ${windowMs} ms most experiments have an arm without windows`);
  const bias = sum / count;
  return {
    windowMs,
    bias,
    standardDeviation: Math.sqrt(Math.max(0, squares / count - bias ** 2)),
    rootMeanSquaredError: Math.sqrt(squares / count),
  };
}

/** The estimate of one simulated experiment; undefined where an arm has no window. */
function simulate(input: DesignerInput, windowMs: number, uniform: () => number): number | undefined {
  const { slotMs, halfLifeMs, effect, burnInMs = 0 } = input;
  const slots = windowMs / slotMs;
  const burnIn = Math.ceil(burnInMs / slotMs);
  const kept = halfLifeMs === 0 ? 0 : 0.5 ** (slotMs / halfLifeMs);
  const sums = { treated: 0, treatedCount: 0, control: 0, controlCount: 0 };
  for (const { values } of input.history) {
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    let level = 0;
    for (let start = 0; start + slots <= values.length; start += slots) {
      const isTreated = uniform() < 0.5;
      let total = 0;
      for (let slot = 0; slot < slots; slot += 1) {
        level = kept * level + (1 - kept) * (isTreated ? 1 : 0);
        if (slot >= burnIn) total += (values[start + slot] ?? 0) - mean + effect * level;
      }
      const value = total / (slots - burnIn);
      if (isTreated) [sums.treated, sums.treatedCount] = [sums.treated + value, sums.treatedCount + 1];
      else [sums.control, sums.controlCount] = [sums.control + value, sums.controlCount + 1];
    }
  }
  if (sums.treatedCount === 0 || sums.controlCount === 0) return undefined;
  return sums.treated / sums.treatedCount - sums.control / sums.controlCount;
}

function assertInput({ history, slotMs, windowMs, effect, halfLifeMs, burnInMs = 0 }: DesignerInput): void {
  if (history.length === 0 || windowMs.length === 0)
    throw new RangeError('window lengths: needs history and at least one length');
  if (!(slotMs > 0) || !(halfLifeMs >= 0) || !(burnInMs >= 0) || !Number.isFinite(effect)) {
    throw new RangeError(
      `window lengths: slot ${slotMs} ms, half-life ${halfLifeMs} ms, burn-in ${burnInMs} ms and effect ${effect} cannot be`,
    );
  }
  for (const { region, values } of history) {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new RangeError(`window lengths: slot ${wrong} of "${region}" is ${values[wrong]}`);
  }
  const shortest = Math.min(...history.map(({ values }) => values.length));
  for (const length of windowMs) {
    const slots = length / slotMs;
    if (!Number.isSafeInteger(slots) || slots < 1)
      throw new RangeError(`window lengths: ${length} ms is no multiple of the slot of ${slotMs} ms`);
    if (Math.ceil(burnInMs / slotMs) >= slots)
      throw new RangeError(`window lengths: a burn-in of ${burnInMs} ms leaves nothing of ${length} ms`);
    if (2 * slots > shortest)
      throw new RangeError(`window lengths: history of ${shortest} slots has less than two windows of ${length} ms`);
  }
}
