import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../seeded-random.ts';
import { logisticRegression } from '../propensity/logistic-regression.ts';
import { placeboOutcomeReading } from './placebo-outcome.ts';
import { placeboChances, placeboTreatmentReading } from './placebo-treatment.ts';
import { noiseReading, omissionReading, subsetReading } from './stability.ts';

const READ = { alpha: 0.05, margin: 0.2, comparisons: 1 };

test('a placebo outcome: few units show nothing, so they do not pass', () => {
  assert.equal(placeboOutcomeReading({ estimate: 0, standardError: 0.5 }, 1, READ).outcome, 'undecided');
  assert.equal(placeboOutcomeReading({ estimate: 0, standardError: 0.05 }, 1, READ).outcome, 'passed');
  assert.equal(placeboOutcomeReading({ estimate: 0.15, standardError: 0.05 }, 1, READ).outcome, 'failed');
  assert.equal(placeboOutcomeReading({ estimate: 0.03, standardError: 0.001 }, 1, READ).outcome, 'passed');
  const several = { ...READ, comparisons: 4 };
  assert.equal(placeboOutcomeReading({ estimate: 0.12, standardError: 0.05 }, 1, several).outcome, 'undecided');
  assert.throws(() => placeboOutcomeReading({ estimate: 0, standardError: 0 }, 1, READ), RangeError);
  assert.throws(() => placeboOutcomeReading({ estimate: 0, standardError: 1 }, 0, READ), RangeError);
});

test('a placebo outcome passes exactly where the interval of twice alpha lies within the margin, in any unit', () => {
  const estimate = fc.double({ min: -1, max: 1, noNaN: true });
  const standardError = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(
    fc.property(estimate, standardError, fc.integer({ min: -8, max: 8 }), (of, error, power) => {
      const reading = placeboOutcomeReading({ estimate: of, standardError: error }, 1, READ);
      const isWithin = Math.abs(of) + 1.6448536269514722 * error <= READ.margin;
      assert.equal(reading.equivalencePValue <= READ.alpha, isWithin);
      const unit = 2 ** power;
      const scaled = placeboOutcomeReading({ estimate: -of * unit, standardError: error * unit }, unit, READ);
      assert.deepEqual({ ...scaled, standardizedSize: Math.abs(of) }, { ...reading, standardizedSize: Math.abs(of) });
    }),
  );
});

/** The two promises: what is nothing fails in at most alpha of the cases, and what is as large as the margin passes in at most alpha. */
test('error rates of a placebo outcome', () => {
  const random = seededRandom(31);
  for (const error of [0.03, 0.07, 0.2]) {
    let [failed, passed] = [0, 0];
    for (let draw = 0; draw < 4000; draw += 1) {
      const nothing = placeboOutcomeReading({ estimate: error * random.normal(), standardError: error }, 1, READ);
      if (nothing.outcome === 'failed') failed += 1;
      const asLarge = placeboOutcomeReading({ estimate: 0.2 + error * random.normal(), standardError: error }, 1, READ);
      if (asLarge.outcome === 'passed') passed += 1;
    }
    assert.ok(failed <= 4000 * 0.061 && passed <= 4000 * 0.061, `${failed} failed, ${passed} passed at ${error}`);
  }
});

test('pretended treatments are as many as wanted, and a logistic regression finds the real one’s slopes in them', () => {
  const random = seededRandom(12);
  const rowCount = 40_000;
  const column = Float64Array.from({ length: rowCount }, () => random.normal());
  const odds = column.map((x) => Math.exp(-3 + 1.2 * x));
  for (const wanted of [200, 4000, 30_000]) {
    const chances = placeboChances(odds, wanted);
    assert.ok(Math.abs(chances.reduce((sum, of) => sum + of, 0) - wanted) < 1e-4 * wanted);
    const treatment = Uint8Array.from(chances, (chance) => random.bernoulli(chance));
    const { slopes, covariance } = logisticRegression({ rowCount, names: ['x'], columns: [column] }, treatment);
    assert.ok(Math.abs(slopes[0]! - 1.2) < 4 * Math.sqrt(covariance()[3]!), `${slopes[0]}`);
  }
  assert.throws(() => placeboChances(odds, rowCount), RangeError);
  assert.throws(() => placeboChances(Float64Array.of(1, 0, 2), 1), /odds of 0/);
});

test('a method passes that finds nothing in nothing, and fails that is biased or too sure', () => {
  const random = seededRandom(77);
  const drawn = (bias: number, tooNarrow: number) =>
    Array.from({ length: 30 }, () => ({ estimate: bias + random.normal(), standardError: 1 / tooNarrow }));
  const outcomes = { fair: [0, 0, 0], biased: [0, 0, 0], sure: [0, 0, 0] };
  const place = { passed: 0, failed: 1, undecided: 2 };
  for (let repeat = 0; repeat < 300; repeat += 1) {
    outcomes.fair[place[placeboTreatmentReading(drawn(0, 1), 1, 0.05).outcome]]! += 1;
    outcomes.biased[place[placeboTreatmentReading(drawn(2, 1), 1, 0.05).outcome]]! += 1;
    outcomes.sure[place[placeboTreatmentReading(drawn(0, 3), 1, 0.05).outcome]]! += 1;
  }
  assert.ok(outcomes.fair[0]! >= 295, outcomes.fair.join());
  assert.ok(outcomes.biased[1]! >= 290, outcomes.biased.join());
  assert.ok(outcomes.sure[1]! >= 290, outcomes.sure.join());
  assert.throws(() => placeboTreatmentReading(drawn(0, 1).slice(0, 1), 1, 0.05), RangeError);
});

test('stability: by chance nothing fails, a part that decides does', () => {
  const random = seededRandom(5);
  let failed = 0;
  for (let repeat = 0; repeat < 500; repeat += 1) {
    const parts = Array.from({ length: 8 }, () => 10 + Math.sqrt(8) * random.normal());
    const total = parts.reduce((sum, of) => sum + of, 0);
    const without = parts.map((part) => (total - part) / 7);
    if (subsetReading({ estimate: total / 8, standardError: 1 }, without).outcome !== 'passed') failed += 1;
  }
  assert.ok(failed <= 2, `${failed} of 500`);
  const effect = { estimate: 2, standardError: 0.5 };
  assert.equal(subsetReading(effect, [2, 2.1, 0.1]).outcome, 'failed');
  assert.equal(subsetReading({ estimate: 0.2, standardError: 0.5 }, [0.2, -0.1]).outcome, 'undecided');
  assert.equal(noiseReading(effect, [1.2, 2.9, 2.1]).outcome, 'passed');
  assert.equal(noiseReading(effect, [3.8, 3.9, 3.7]).outcome, 'failed');
  assert.throws(() => noiseReading(effect, []), RangeError);
});

test('a confounder that is left out moves the estimate, which is nothing bad unless it would be the opposite', () => {
  const effect = { estimate: -15, standardError: 0.5 };
  assert.equal(omissionReading(effect, { estimate: -18, standardError: 0.6 }).outcome, 'passed');
  assert.equal(omissionReading(effect, { estimate: -30, standardError: 0.6 }).outcome, 'undecided');
  assert.equal(omissionReading(effect, { estimate: 4, standardError: 0.6 }).outcome, 'failed');
});
