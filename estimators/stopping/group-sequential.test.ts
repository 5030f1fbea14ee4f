import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalTail } from '../normal.ts';
import { seededRandom } from '../seeded-random.ts';
import { classicBoundaries } from './classic-boundaries.ts';
import { crossingProbabilities } from './crossing.ts';
import { futilityDesign, type FutilityInput } from './futility-boundaries.ts';
import { groupSequentialDrift, groupSequentialPower } from './group-sequential-power.ts';
import { equalInformation } from './information.ts';
import { spendingBoundaries } from './spending-boundaries.ts';
import { stagewiseInference } from './stagewise-inference.ts';

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function close(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
}

const spendings = fc.constantFrom(
  'obrien-fleming' as const,
  'pocock' as const,
  { family: 'hwang-shih-decani' as const, gamma: -3 },
  { family: 'power' as const, rho: 2 },
);
/** Looks at any times, the last at 1; some close to each other. */
const times = fc
  .uniqueArray(fc.integer({ min: 20, max: 999 }), { maxLength: 6 })
  .map((past) => [...past.sort((a, b) => a - b).map((t) => t / 1_000), 1]);
const designs: fc.Arbitrary<FutilityInput> = fc.record({
  alphaSpending: spendings,
  betaSpending: spendings,
  alpha: fc.double({ min: 0.001, max: 0.1, noNaN: true }),
  beta: fc.double({ min: 0.02, max: 0.5, noNaN: true }),
  informationFractions: times,
  isBinding: fc.boolean(),
});

test('futility: power is 1 - beta where it is obeyed; alpha is held without it, and used up with it where it binds', () => {
  fc.assert(
    fc.property(designs, (input) => {
      const { upper, lower, drift } = futilityDesign(input);
      for (const [look, boundary] of lower.entries()) assert.ok(boundary <= (upper[look] ?? NaN));
      // Who met before the last look has no looks after it.
      const informationFractions = input.informationFractions.slice(0, upper.length);
      const withFutility = { informationFractions, upper, lower };
      close(sumOf(crossingProbabilities({ ...withFutility, drift }).above), 1 - input.beta, 2e-6);
      const obeyed = sumOf(crossingProbabilities({ ...withFutility, drift: 0 }).above);
      if (input.isBinding === true) return close(obeyed, input.alpha, 1e-6);
      assert.ok(obeyed <= input.alpha + 1e-6);
      const ignored = { ...withFutility, lower: upper.map(() => -Infinity) };
      close(sumOf(crossingProbabilities({ ...ignored, drift: 0 }).above), input.alpha, 1e-6);
    }),
    { numRuns: 60, seed: 5 },
  );
});

test('crossing probabilities of two looks are those of a bivariate normal distribution', () => {
  // scipy 1.17.1: multivariate_normal([0.9 * sqrt(0.5), 0.9], [[1, sqrt(0.5)], [sqrt(0.5), 1]]) between the boundaries.
  const { above, below } = crossingProbabilities({
    informationFractions: [0.5, 1],
    upper: [2.5, 2],
    lower: [-0.5, 2],
    drift: 0.9,
  });
  close(above[0] ?? NaN, normalTail(2.5 - 0.9 * Math.SQRT1_2), 1e-12);
  close(below[0] ?? NaN, 1 - normalTail(-0.5 - 0.9 * Math.SQRT1_2), 1e-12);
  close(above[1] ?? NaN, 0.11230346357396248, 1e-7);
  close(sumOf(above) + sumOf(below), 1, 1e-8);
});

test('boundaries spend exactly what they may, also at looks that nearly coincide', () => {
  fc.assert(
    fc.property(spendings, times, fc.double({ min: 0.001, max: 0.2, noNaN: true }), (spending, fractions, alpha) => {
      const boundaries = spendingBoundaries({ spending, alpha, informationFractions: fractions, isFinal: true });
      const { power } = groupSequentialPower({ informationFractions: fractions, boundaries }, 0);
      close(power, alpha, 1e-7);
    }),
    { numRuns: 60, seed: 6 },
  );
});

test('a test of one look has the power and the interval of a z-test', () => {
  const design = {
    informationFractions: [1],
    boundaries: classicBoundaries({ shape: 'pocock', looks: 1, alpha: 0.05 }),
  };
  close(groupSequentialDrift(design, { alpha: 0.05, power: 0.8 }).inflationFactor, 1, 1e-4);
  const actual = stagewiseInference({ ...design, effect: { estimate: 3, standardError: 1.2 }, alpha: 0.05 });
  close(actual.pValue, 2 * normalTail(2.5), 1e-9);
  close(actual.estimate, 3, 1e-8);
  close(actual.lower, 3 - 1.959963984540054 * 1.2, 1e-8);
});

test('after stopping, the interval covers as often as it says and the estimate is too large as often as too small', () => {
  const random = seededRandom(20261124);
  const informationFractions = equalInformation(3);
  const boundaries = spendingBoundaries({ spending: 'pocock', alpha: 0.05, informationFractions, isFinal: true });
  const drift = 2.2;
  const runs = 300;
  const is = { covered: 0, above: 0, naiveAbove: 0 };
  for (let run = 0; run < runs; run += 1) {
    let score = 0;
    for (const [look, information] of informationFractions.entries()) {
      score += drift / 3 + random.normal() / Math.sqrt(3);
      const z = score / Math.sqrt(information);
      if (look < 2 && Math.abs(z) < (boundaries[look] ?? NaN)) continue;
      const actual = stagewiseInference({
        informationFractions: informationFractions.slice(0, look + 1),
        boundaries: boundaries.slice(0, look + 1),
        effect: { estimate: score / information, standardError: 1 / Math.sqrt(information) },
        alpha: 0.05,
      });
      is.covered += actual.lower <= drift && drift <= actual.upper ? 1 : 0;
      is.above += actual.estimate > drift ? 1 : 0;
      is.naiveAbove += score / information > drift ? 1 : 0;
      break;
    }
  }
  close(is.covered / runs, 0.95, 3 * Math.sqrt((0.05 * 0.95) / runs));
  close(is.above / runs, 0.5, 3 * Math.sqrt(0.25 / runs));
  assert.ok(is.naiveAbove > is.above, `naive ${is.naiveAbove / runs}`);
});

test('after stopping, the p-value is below alpha exactly where a boundary was crossed', () => {
  const informationFractions = [0.2, 0.55, 1];
  const boundaries = spendingBoundaries({
    spending: 'obrien-fleming',
    alpha: 0.05,
    informationFractions,
    isFinal: true,
  });
  for (const [look, boundary] of boundaries.entries()) {
    const at = (z: number): number =>
      stagewiseInference({
        informationFractions: informationFractions.slice(0, look + 1),
        boundaries: boundaries.slice(0, look + 1),
        effect: { estimate: z, standardError: 1 },
        alpha: 0.05,
      }).pValue;
    for (const sign of [1, -1]) assert.ok(at(sign * (boundary + 1e-4)) < 0.05);
  }
  const end = { informationFractions, boundaries, alpha: 0.05 };
  const last = boundaries[2] ?? NaN;
  assert.ok(stagewiseInference({ ...end, effect: { estimate: last - 1e-4, standardError: 1 } }).pValue > 0.05);
});

test('what cannot be is refused by name', () => {
  const design = { alphaSpending: 'pocock', betaSpending: 'pocock', alpha: 0.05, beta: 0.2 } as const;
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => futilityDesign({ ...design, informationFractions: [0.5, 0.9] }), /last planned look is at 1, not at 0.9/],
    [() => futilityDesign({ ...design, beta: 0.96, informationFractions: [1] }), /together below 1/],
    [() => classicBoundaries({ shape: 'pocock', looks: 3, alpha: 1 }), /alpha must lie between 0 and 1/],
    [() => classicBoundaries({ shape: 'pocock', looks: 3, alpha: 0.05, informationFractions: [1] }), /3 looks need/],
    [
      () => crossingProbabilities({ informationFractions: [1], upper: [1], lower: [2], drift: 0 }),
      /at look 1 the boundaries are 2 and 1/,
    ],
    [
      () => groupSequentialDrift({ informationFractions: [1], boundaries: [2] }, { alpha: 0.05, power: 1 }),
      /between alpha \(0.05\) and 1/,
    ],
  ];
  for (const [run, message] of refused)
    assert.throws(run, (error) => error instanceof RangeError && message.test(error.message));
});
