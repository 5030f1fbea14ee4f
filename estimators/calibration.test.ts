import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confidenceSequence } from './confidence-sequence.ts';
import { cuped } from './cuped.ts';
import { differenceOfMeans, type Effect } from './effect.ts';
import { momentsFromSums, type Moments } from './moments.ts';
import { relativeLift } from './relative-lift.ts';
import { sampleRatio } from './sample-ratio.ts';
import { seededRandom } from './seeded-random.ts';
import { welch } from './welch.ts';

// Each simulation draws whole experiments with a known truth and counts how often the estimator was wrong. Bounds are the nominal
// level plus four standard errors of the count, so that a right estimator fails about once in 30,000 seeds.

const TRIALS = 2_000;
const ALPHA = 0.05;
const allowed = (level: number, trials: number): number => level + 4 * Math.sqrt((level * (1 - level)) / trials);

function draw(count: number, value: () => number): Moments {
  let sum = 0;
  let sumOfSquares = 0;
  for (let i = 0; i < count; i += 1) {
    const y = value();
    sum += y;
    sumOfSquares += y * y;
  }
  return momentsFromSums({ count, sum, sumOfSquares });
}

test("Welch's interval misses the truth in 5 % of skewed experiments of unequal size", (context) => {
  const random = seededRandom(1);
  let missed = 0;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    const { lower, upper } = welch(
      draw(300, () => random.exponential(2)),
      draw(450, () => random.exponential(2.5)),
      ALPHA,
    );
    if (lower > 0.5 || upper < 0.5) missed += 1;
  }
  context.diagnostic(`Welch missed in ${((100 * missed) / TRIALS).toFixed(2)} % of ${TRIALS}`);
  assert.ok(missed / TRIALS < allowed(ALPHA, TRIALS));
  assert.ok(missed / TRIALS > ALPHA - 4 * Math.sqrt((ALPHA * (1 - ALPHA)) / TRIALS));
});

test('the sample ratio test raises its alarm in 1 % of fair splits at p < 0.01', (context) => {
  const random = seededRandom(2);
  let alarms = 0;
  for (let trial = 0; trial < TRIALS; trial += 1) {
    let first = 0;
    for (let unit = 0; unit < 1_000; unit += 1) if (random.uniform() < 0.3) first += 1;
    if (sampleRatio([first, 1_000 - first], [3_000, 7_000]).pValue < 0.01) alarms += 1;
  }
  context.diagnostic(`false alarms: ${((100 * alarms) / TRIALS).toFixed(2)} % of ${TRIALS}`);
  assert.ok(alarms / TRIALS < allowed(0.01, TRIALS));
});

test('100 looks at a fair split raise an alarm at p < 0.0005 in less than 5 % of experiments', (context) => {
  const random = seededRandom(9);
  const trials = 400;
  let alarms = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    let first = 0;
    for (let unit = 1; unit <= 20_000; unit += 1) {
      if (random.uniform() < 0.5) first += 1;
      if (unit % 200 !== 0 || sampleRatio([first, unit - first], [1, 1]).pValue >= 0.0005) continue;
      alarms += 1;
      break;
    }
  }
  context.diagnostic(`false alarms: ${((100 * alarms) / trials).toFixed(2)} % of ${trials} experiments`);
  assert.ok(alarms / trials < ALPHA);
});

/** Whether a sequence of intervals, looked at every 50 units per arm from 100 on, ever excludes the truth. */
function everMisses(
  arms: { readonly control: () => number; readonly treatment: () => number },
  truth: number,
  effectOf: (control: Moments, treatment: Moments) => Effect | null,
): boolean {
  const sums = { control: { count: 0, sum: 0, sumOfSquares: 0 }, treatment: { count: 0, sum: 0, sumOfSquares: 0 } };
  for (let unit = 1; unit <= 5_000; unit += 1) {
    for (const arm of ['control', 'treatment'] as const) {
      const y = arms[arm]();
      const of = sums[arm];
      of.count += 1;
      of.sum += y;
      of.sumOfSquares += y * y;
    }
    if (unit < 100 || unit % 50 !== 0) continue;
    const effect = effectOf(momentsFromSums(sums.control), momentsFromSums(sums.treatment));
    if (effect === null || effect.standardError === 0) continue;
    const { lower, upper } = confidenceSequence({ ...effect, count: 2 * unit, alpha: ALPHA });
    if (lower > truth || upper < truth) return true;
  }
  return false;
}

for (const [name, seed, rate, lift] of [
  ['a proportion without effect', 3, 0.1, 0],
  ['a proportion with a lift of 10 %', 4, 0.1, 0.1],
] as const) {
  test(`99 looks at ${name}: the sequence is ever wrong in less than 5 %, absolute and relative`, (context) => {
    const trials = 600;
    for (const kind of ['absolute', 'relative'] as const) {
      const random = seededRandom(seed);
      const arms = { control: () => random.bernoulli(rate), treatment: () => random.bernoulli(rate * (1 + lift)) };
      const effectOf = kind === 'absolute' ? differenceOfMeans : relativeLift;
      const truth = kind === 'absolute' ? rate * lift : lift;
      let missed = 0;
      for (let trial = 0; trial < trials; trial += 1) if (everMisses(arms, truth, effectOf)) missed += 1;
      context.diagnostic(`${kind}: ever wrong in ${((100 * missed) / trials).toFixed(2)} % of ${trials} experiments`);
      assert.ok(missed / trials < ALPHA);
    }
  });
}

test('CUPED is unbiased, covers, and removes the share of variance that the covariate explains', (context) => {
  const random = seededRandom(5);
  const trials = 1_000;
  let missed = 0;
  let bias = 0;
  let removed = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const arm = (effect: number) => {
      const sums = { count: 0, sumY: 0, sumYY: 0, sumX: 0, sumXX: 0, sumXY: 0 };
      for (let unit = 0; unit < 200; unit += 1) {
        const x = random.exponential(1);
        const y = 2 * x + random.normal() + effect;
        sums.count += 1;
        sums.sumX += x;
        sums.sumXX += x * x;
        sums.sumY += y;
        sums.sumYY += y * y;
        sums.sumXY += x * y;
      }
      return sums;
    };
    const { control, treatment, varianceRemovedRatio } = cuped(arm(0), arm(0.3));
    const { estimate, lower, upper } = welch(control, treatment, ALPHA);
    if (lower > 0.3 || upper < 0.3) missed += 1;
    bias += (estimate - 0.3) / trials;
    removed += varianceRemovedRatio / trials;
  }
  // y = 2x + e with var x = var e = 1: the covariate explains 4 of 5 parts.
  context.diagnostic(
    `missed ${((100 * missed) / trials).toFixed(1)} %, bias ${bias.toFixed(4)}, variance removed ${removed.toFixed(3)}`,
  );
  assert.ok(missed / trials < allowed(ALPHA, trials));
  assert.ok(Math.abs(bias) < 4 * (0.1 / Math.sqrt(trials)));
  assert.ok(Math.abs(removed - 0.8) < 0.02);
});
