import { momentsOf } from '../moments.ts';
import { seededRandom } from '../seeded-random.ts';
import { welch } from '../welch.ts';
import { readByStudent, type DesignedEffect } from './effect-reading.ts';
import {
  randomizationInterval,
  randomizationTest,
  type AssignmentMechanism,
  type RandomizationInterval,
} from './randomization-test.ts';

/** One region of a geo experiment: its outcomes before and during, one for each period. */
export interface GeoRegion {
  readonly region: string;
  readonly isTreated: boolean;
  /** Number of its pair, one treated and one not; without pairs regions were drawn all together. */
  readonly pair?: number;
  readonly before: readonly number[];
  readonly during: readonly number[];
}

export interface GeoOptions {
  /** Two-sided error level, default 0.05. */
  readonly alpha?: number;
  /** Redraws of the randomization inference, default 2,000. */
  readonly draws?: number;
  readonly seed: number;
}

export interface GeoResult {
  /** Outcome a period that the treatment adds to a region: the change of the treated less that of the others. */
  readonly effect: DesignedEffect;
  readonly randomization: RandomizationInterval & { readonly pValue: number };
  readonly regionCount: number;
  readonly pairCount: number;
  readonly method: string;
}

/**
 * Difference in differences of regions: each region's mean during less its mean before, compared between the arms. With matched pairs the
 * differences within pairs are the units (Student's t with pairs − 1 degrees of freedom), else Welch's test over regions. The randomization
 * inference draws the arms again as they were drawn, and needs no assumption on how regions resemble each other.
 *
 * @throws RangeError for fewer than two regions an arm, regions without periods, or pairs that are not one treated and one not
 */
export function readGeo(regions: readonly GeoRegion[], { alpha = 0.05, draws, seed }: GeoOptions): GeoResult {
  const changes = regions.map(({ region, before, during }) => {
    if (before.length === 0 || during.length === 0)
      throw new RangeError(`geo: "${region}" needs periods before and during the experiment`);
    return momentsOf(during).mean - momentsOf(before).mean;
  });
  const isPaired = regions.some(({ pair }) => pair !== undefined);
  const mechanism = isPaired ? pairMechanism(regions) : ({ mechanism: 'complete' } as const);
  const isTreated = regions.map((region) => region.isTreated);
  const inference = { values: changes, isTreated, mechanism, seed, ...(draws === undefined ? {} : { draws }) };
  return {
    effect: isPaired ? pairedEffect(regions, changes, alpha) : plainEffect(changes, isTreated, alpha),
    randomization: { ...randomizationInterval(inference, alpha), pValue: randomizationTest(inference).pValue },
    regionCount: regions.length,
    pairCount: isPaired ? regions.length / 2 : 0,
    method: isPaired
      ? "differences in differences of matched pairs, Student's t"
      : "differences in differences, Welch's t",
  };
}

function pairMechanism(regions: readonly GeoRegion[]): AssignmentMechanism {
  const pairOf = regions.map(({ region, pair }) => {
    if (pair === undefined) throw new RangeError(`geo: "${region}" has no pair, but others have`);
    return pair;
  });
  return { mechanism: 'paired', pairOf };
}

function pairedEffect(regions: readonly GeoRegion[], changes: readonly number[], alpha: number): DesignedEffect {
  const differences = new Map<number, number>();
  for (const [i, { pair = -1, isTreated }] of regions.entries())
    differences.set(pair, (differences.get(pair) ?? 0) + (isTreated ? 1 : -1) * (changes[i] ?? 0));
  if (differences.size < 2) throw new RangeError(`geo: needs at least 2 pairs, got ${differences.size}`);
  const { count, mean, variance } = momentsOf([...differences.values()]);
  const effect = { estimate: mean, standardError: Math.sqrt(variance / count), degreesOfFreedom: count - 1 };
  return readByStudent('geo', effect, alpha);
}

function plainEffect(changes: readonly number[], isTreated: readonly boolean[], alpha: number): DesignedEffect {
  const arm = (treated: boolean) => momentsOf(changes.filter((_, i) => isTreated[i] === treated));
  const [control, treatment] = [arm(false), arm(true)];
  const { degreesOfFreedom } = welch(control, treatment);
  const standardError = Math.sqrt(control.variance / control.count + treatment.variance / treatment.count);
  return readByStudent('geo', { estimate: treatment.mean - control.mean, standardError, degreesOfFreedom }, alpha);
}

export interface GeoPowerInput {
  /** History of the matched pairs, in which nothing was tried; each has as many periods. */
  readonly pairs: readonly { readonly first: readonly number[]; readonly second: readonly number[] }[];
  readonly beforePeriods: number;
  readonly duringPeriods: number;
  /** What the treatment adds, relative to a region's outcome, such as 0.05. */
  readonly liftRatio: number;
  readonly alpha?: number;
  /** Placebo experiments, default 1,000. */
  readonly placebos?: number;
  readonly seed: number;
}

/**
 * Power of a geo experiment by placebo: it is laid into history at random times with random arms, the lift is added to the treated, and it is
 * counted how often it is found. With a lift of 0 this is the rate of false alarms, which should be alpha.
 *
 * @throws RangeError for history shorter than the experiment, fewer than two pairs, or a lift that is not finite
 */
export function geoPower(input: GeoPowerInput): { readonly power: number; readonly placeboCount: number } {
  const { pairs, beforePeriods, duringPeriods, liftRatio, alpha = 0.05, placebos = 1_000 } = input;
  const length = Math.min(...pairs.flatMap(({ first, second }) => [first.length, second.length]));
  const starts = length - beforePeriods - duringPeriods + 1;
  if (!(starts >= 1) || !(beforePeriods >= 1) || !(duringPeriods >= 1))
    throw new RangeError(
      `geo power: history of ${length} periods does not hold ${beforePeriods} before and ${duringPeriods} during`,
    );
  if (!Number.isFinite(liftRatio)) throw new RangeError(`geo power: the lift is ${liftRatio}`);
  const random = seededRandom(input.seed);
  let found = 0;
  for (let placebo = 0; placebo < placebos; placebo += 1) {
    const start = Math.floor(random.uniform() * starts);
    const regions = pairs.flatMap(({ first, second }, pair) => {
      const isFirst = random.uniform() < 0.5;
      const laid = (values: readonly number[], isTreated: boolean): GeoRegion => ({
        region: `${pair}${isTreated ? 'a' : 'b'}`,
        pair,
        isTreated,
        before: values.slice(start, start + beforePeriods),
        during: values
          .slice(start + beforePeriods, start + beforePeriods + duringPeriods)
          .map((value) => (isTreated ? value * (1 + liftRatio) : value)),
      });
      return [laid(first, isFirst), laid(second, !isFirst)];
    });
    const changes = regions.map(({ before, during }) => momentsOf(during).mean - momentsOf(before).mean);
    if (pairedEffect(regions, changes, alpha).pValue < alpha) found += 1;
  }
  return { power: found / placebos, placeboCount: placebos };
}
