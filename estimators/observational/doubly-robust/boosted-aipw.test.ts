import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom, type SeededRandom } from '../../seeded-random.ts';
import { columnScales } from '../column-scales.ts';
import { aipwEffect } from './aipw.ts';
import { boostedNuisances } from './boosted-nuisances.ts';
import { crossFittedNuisances, type Learner } from './cross-fitted.ts';
import { drawnFolds } from './folds.ts';
import { linearNuisances } from './nuisances.ts';
import { medianEffect, repeatedlyCrossFitted } from './repeated-cross-fitting.ts';

/** Outcome and propensity bend in the same covariate; the mean effect is 1. */
function bentWorld(rowCount: number, random: SeededRandom) {
  const columns = [0, 1].map(() => Float64Array.from({ length: rowCount }, () => 4 * random.uniform() - 2));
  const treatment = Uint8Array.from(columns[0]!, (x) => random.bernoulli(1 / (1 + Math.exp(0.8 - 0.6 * x * x))));
  const outcome = columns[0]!.map((x, row) => 2 * x * x + treatment[row]! * (1 + columns[1]![row]!) + random.normal());
  return { covariates: { rowCount, names: ['a', 'b'], columns }, treatment, outcome };
}

const TREES = {
  treeCount: 200,
  leafCount: 8,
  minimumLeafRows: 10,
  ridge: 1,
  binCount: 24,
  earlyStopping: { heldOutRatio: 0.2, patience: 10 },
};

test('where everything is bent, the interval with trees covers the effect as often as it says, and the linear one does not', () => {
  const random = seededRandom(11);
  const worlds = 40;
  let [covered, coveredByLines, ratio] = [0, 0, 0];
  for (let world = 0; world < worlds; world += 1) {
    const { covariates, treatment, outcome } = bentWorld(600, random);
    const folds = drawnFolds(treatment, 5, world);
    const trees = aipwEffect(
      treatment,
      outcome,
      boostedNuisances(covariates, treatment, outcome, folds, 5, TREES),
      'ATE',
    );
    const study = { covariates, scales: columnScales(covariates), treatment, outcome };
    const lines = aipwEffect(treatment, outcome, linearNuisances(study, folds, 5), 'ATE');
    if (Math.abs(trees.estimate - 1) < 1.96 * trees.standardError) covered += 1;
    if (Math.abs(lines.estimate - 1) < 1.96 * lines.standardError) coveredByLines += 1;
    ratio += (trees.estimate - 1) ** 2 / trees.standardError ** 2 / worlds;
  }
  // 95 % but for three Monte-Carlo errors.
  assert.ok(covered >= 34, `${covered} of ${worlds}`);
  assert.ok(ratio < 1.7, `mean squared error of ${ratio} times the variance that is claimed`);
  assert.equal(coveredByLines, 0);
});

test('propensities and outcomes of 0 and 1 are predicted as probabilities, the same by the same seed, and progress is told', () => {
  const { covariates, treatment, outcome } = bentWorld(400, seededRandom(3));
  const isAbove = outcome.map((value) => (value > 3 ? 1 : 0));
  const folds = drawnFolds(treatment, 2, 1);
  const shares: number[] = [];
  const once = boostedNuisances(covariates, treatment, isAbove, folds, 2, TREES, {
    onProgress: (of) => shares.push(of),
  });
  for (const of of Object.values(once) as Float64Array[]) assert.ok(of.every((value) => value > 0 && value < 1));
  assert.deepEqual(boostedNuisances(covariates, treatment, isAbove, folds, 2, TREES), once);
  assert.ok(shares.every((share, place) => share > 0 && share >= (shares[place - 1] ?? 0)));
  assert.equal(shares.at(-1), 1);
  const signal = AbortSignal.abort();
  assert.throws(() => boostedNuisances(covariates, treatment, isAbove, folds, 2, TREES, { signal }), {
    name: 'AbortError',
  });
});

test('no learner sees the fold that it predicts, and outcomes are learnt from one group', () => {
  const { treatment } = bentWorld(90, seededRandom(4));
  const folds = drawnFolds(treatment, 3, 1);
  const seen: Uint32Array[] = [];
  const watching: Learner = {
    fit: (rows) => {
      seen.push(rows);
      return {
        predictInto: (asked, into) => {
          for (const row of asked) {
            assert.ok(rows.every((of) => folds[of] !== folds[row]));
            into[row] = 0.5;
          }
        },
      };
    },
  };
  const found = crossFittedNuisances({ propensity: watching, outcome: watching }, treatment, folds, 3);
  for (const of of Object.values(found) as Float64Array[]) assert.ok(of.every((value) => value === 0.5));
  for (const [place, rows] of seen.entries())
    if (place % 3 > 0) assert.ok(rows.every((row) => treatment[row] === (place % 3) - 1));
});

test('repeated cross-fitting is the median of effects on folds of the next seeds', () => {
  const { covariates, treatment, outcome } = bentWorld(300, seededRandom(5));
  const study = { covariates, scales: columnScales(covariates), treatment, outcome };
  const of = (folds: Uint8Array, count: number) => linearNuisances(study, folds, count);
  const options = { repetitions: 5, foldCount: 4, seed: 20 };
  const repeated = repeatedlyCrossFitted(treatment, outcome, 'ATT', options, of);
  const third = aipwEffect(treatment, outcome, of(drawnFolds(treatment, 4, 22), 4), 'ATT');
  assert.deepEqual(repeated.effects[2], third);
  assert.equal(repeated.estimate, repeated.effects.map((one) => one.estimate).toSorted((a, b) => a - b)[2]);
  assert.throws(() => repeatedlyCrossFitted(treatment, outcome, 'ATT', { ...options, repetitions: 0 }, of), RangeError);
});

test('the median of effects: by hand, of one its own, of a shifted set shifted, of any order the same', () => {
  const three = [
    { estimate: 1, standardError: 3 },
    { estimate: 2, standardError: 1 },
    { estimate: 6, standardError: 2 },
  ];
  // Variances 9 + 1, 1 + 0, 4 + 16.
  assert.deepEqual(medianEffect(three), { estimate: 2, standardError: Math.sqrt(10) });
  assert.throws(() => medianEffect([]), RangeError);
  const effect = fc.record({
    estimate: fc.integer({ min: -99, max: 99 }),
    standardError: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.array(effect, { minLength: 1, maxLength: 9 }),
      fc.integer({ min: -50, max: 50 }),
      (effects, shift) => {
        const found = medianEffect(effects);
        assert.deepEqual(medianEffect([effects[0]!]), { ...effects[0] });
        assert.deepEqual(medianEffect(effects.toReversed()), found);
        const shifted = medianEffect(effects.map((one) => ({ ...one, estimate: one.estimate + shift })));
        assert.ok(Math.abs(shifted.estimate - found.estimate - shift) < 1e-9);
        assert.ok(Math.abs(shifted.standardError - found.standardError) < 1e-9);
        assert.ok(found.standardError >= Math.min(...effects.map((one) => one.standardError)));
      },
    ),
    { seed: 20261124 },
  );
});
