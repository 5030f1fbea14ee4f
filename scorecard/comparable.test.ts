import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums, type Moments } from '../estimators/moments.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { comparable } from './comparable.ts';

const ALPHA = 0.05;

/** Moments of 0s and 1s. */
const share = (count: number, ones: number): Moments => momentsFromSums({ count, sum: ones, sumOfSquares: ones });

test('arms that vary alike stay as they are; one that hardly varies gets the variance of the other', () => {
  const control = share(1_000, 400);
  assert.deepEqual(comparable(control, share(1_000, 460)), { control, variant: share(1_000, 460) });
  const { variant } = comparable(control, share(100, 0));
  assert.deepEqual(variant, { count: 100, mean: 0, variance: control.variance });
  assert.throws(() => comparable(control, { count: 100, mean: 0, variance: -1 }), RangeError);
});

/** Share of experiments without any effect that ever show one, with an outcome of 2 % and a variant of a tenth of the units. */
function everWrong(arms: (control: Moments, variant: Moments) => { control: Moments; variant: Moments }): number {
  const random = seededRandom(77);
  const trials = 300;
  let wrong = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    let [controlOnes, variantOnes] = [0, 0];
    for (let unit = 1; unit <= 1_000; unit += 1) {
      variantOnes += random.bernoulli(0.02);
      for (let i = 0; i < 9; i += 1) controlOnes += random.bernoulli(0.02);
      if (unit < 100 || unit % 25 !== 0) continue;
      const { control, variant } = arms(share(9 * unit, controlOnes), share(unit, variantOnes));
      const look = { ...differenceOfMeans(control, variant), count: 10 * unit, alpha: ALPHA };
      const { lower, upper } = confidenceSequence(look);
      if (lower <= 0 && upper >= 0) continue;
      wrong += 1;
      break;
    }
  }
  return wrong / trials;
}

test('a small arm with a rare outcome keeps the error level only so', (context) => {
  const bare = everWrong((control, variant) => ({ control, variant }));
  const guarded = everWrong(comparable);
  context.diagnostic(`ever wrong: ${(100 * bare).toFixed(1)} % as they are, ${(100 * guarded).toFixed(1)} % guarded`);
  assert.ok(bare > ALPHA);
  assert.ok(guarded < ALPHA);
});
