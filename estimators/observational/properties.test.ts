import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { argsort } from './argsort.ts';
import { columnBalances } from './balance/balance.ts';
import { columnScales } from './column-scales.ts';
import type { Columns } from './columns.ts';
import { nearestWithReplacement } from './matching/nearest-with-replacement.ts';
import { nearestWithoutReplacement } from './matching/nearest-without-replacement.ts';
import { regressionAdjustedEffect } from './outcome/regression-adjustment.ts';
import { logisticRegression } from './propensity/logistic-regression.ts';
import { logits, probabilities } from './propensity/propensity-scores.ts';
import { SeparationError } from './propensity/separation-error.ts';
import { eValueOfRiskRatio } from './sensitivity/e-value.ts';
import { criticalGamma, signedRankBound } from './sensitivity/rosenbaum.ts';
import { entropyBalancedEffect } from './weighting/entropy-balancing.ts';
import { inverseProbabilityEffect } from './weighting/inverse-probability.ts';
import { seededRandom } from '../seeded-random.ts';

const numbers = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 });

test('argsort sorts any numbers, and leaves equal ones in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 200 }), (values) => {
      const expected = values
        .map((_, index) => index)
        .sort((a, b) => (values[a]! + 0 < values[b]! + 0 ? -1 : values[a]! + 0 > values[b]! + 0 ? 1 : a - b));
      assert.deepEqual([...argsort(Float64Array.from(values))], expected);
    }),
  );
});

interface Study {
  readonly covariates: Columns;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
}

function studyOf(seed: number, rowCount = 300): Study {
  const random = seededRandom(seed);
  const columns = [0, 1].map(() => Float64Array.from({ length: rowCount }, () => random.normal()));
  const treatment = Uint8Array.from({ length: rowCount }, (_, row) =>
    random.uniform() < 1 / (1 + Math.exp(0.5 - 0.6 * columns[0]![row]!)) ? 1 : 0,
  );
  const outcome = Float64Array.from(
    { length: rowCount },
    (_, row) => columns[0]![row]! + treatment[row]! + random.normal(),
  );
  return { covariates: { rowCount, names: ['a', 'b'], columns }, treatment, outcome };
}

const near = (a: number, b: number, tolerance = 1e-7): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));

/** Estimates of every method that has no randomness of its own. */
function estimates({ covariates, treatment, outcome }: Study): number[] {
  const scales = columnScales(covariates);
  const score = logits(covariates, logisticRegression(covariates, treatment));
  const sample = nearestWithReplacement(score, treatment, outcome);
  let matched = 0;
  for (let row = 0; row < outcome.length; row += 1)
    if (treatment[row] === 1) matched += (outcome[row]! - sample.counterfactuals[row]!) / sample.matchedCount;
  return [
    matched,
    inverseProbabilityEffect(covariates, scales, treatment, outcome, probabilities(score), 'ATT').estimate,
    inverseProbabilityEffect(covariates, scales, treatment, outcome, probabilities(score), 'ATE').estimate,
    regressionAdjustedEffect(covariates, scales, treatment, outcome, 'ATE').estimate,
    entropyBalancedEffect(covariates, scales, treatment, outcome).estimate,
  ];
}

test('estimates do not depend on the order of the rows, nor on the unit of a covariate', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0.01, max: 1000, noNaN: true }), (seed, factor) => {
      const study = studyOf(seed);
      const expected = estimates(study);
      const order = argsort(Float64Array.from({ length: 300 }, (_, row) => Math.sin(row * seed)));
      const shuffled: Study = {
        covariates: {
          ...study.covariates,
          columns: study.covariates.columns.map((column) => Float64Array.from(order, (row) => column[row]!)),
        },
        treatment: Uint8Array.from(order, (row) => study.treatment[row]!),
        outcome: Float64Array.from(order, (row) => study.outcome[row]!),
      };
      const [first, second] = study.covariates.columns;
      const scaled: Study = {
        ...study,
        covariates: { ...study.covariates, columns: [first!.map((of) => factor * of + 7), second!] },
      };
      for (const other of [shuffled, scaled])
        for (const [index, found] of estimates(other).entries())
          assert.ok(near(found, expected[index]!, 1e-6), `${index}: ${found} and ${expected[index]}`);
    }),
    { numRuns: 25 },
  );
});

test('an outcome that is moved or stretched moves and stretches every estimate with it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: -50, max: 50, noNaN: true }), (seed, by) => {
      const study = studyOf(seed);
      const expected = estimates(study);
      const stretched = { ...study, outcome: study.outcome.map((of) => 3 * of + by) };
      for (const [index, found] of estimates(stretched).entries()) assert.ok(near(found, 3 * expected[index]!, 1e-6));
    }),
    { numRuns: 25 },
  );
});

test('every control stands for one treated unit at most without replacement, and weights add up with it', () => {
  fc.assert(
    fc.property(
      numbers,
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 3 }),
      (values, seed, neighbours) => {
        const random = seededRandom(seed);
        const score = Float64Array.from([...values, 0, 1], (of) => Math.round(of) / 10);
        const treatment = Uint8Array.from(score, (_, row) => (row === 0 ? 1 : row === 1 ? 0 : random.bernoulli(0.3)));
        const outcome = score.map(() => random.normal());
        const pairs = nearestWithoutReplacement(score, treatment, outcome, { neighbours });
        const used = new Map<number, number>();
        for (const [row, pair] of pairs.pairs.entries())
          if (pair >= 0 && treatment[row] === 0) used.set(pair, (used.get(pair) ?? 0) + 1);
        for (const count of used.values()) assert.ok(count <= neighbours);
        const replaced = nearestWithReplacement(score, treatment, outcome, { neighbours });
        for (const sample of [pairs, replaced]) {
          let total = 0;
          for (const [row, weight] of sample.weights.entries()) if (treatment[row] === 0) total += weight;
          assert.ok(near(total, sample.matchedCount), `${total} and ${sample.matchedCount}`);
        }
      },
    ),
  );
});

test('entropy balancing balances exactly', () => {
  const { covariates, treatment, outcome } = studyOf(4, 800);
  const { weights } = entropyBalancedEffect(covariates, columnScales(covariates), treatment, outcome);
  for (const { standardizedDifference } of columnBalances(covariates, treatment, 'ATT', weights))
    assert.ok(Math.abs(standardizedDifference) < 1e-8);
});

test('covariates that tell the groups apart are named, and a constant one is', () => {
  const x = Float64Array.from({ length: 40 }, (_, row) => row);
  const treatment = Uint8Array.from(x, (of) => (of < 20 ? 0 : 1));
  const columns = { rowCount: 40, names: ['apart'], columns: [x] };
  assert.throws(
    () => logisticRegression(columns, treatment),
    (error: unknown) => error instanceof SeparationError && error.column === 'apart',
  );
  assert.throws(
    () => logisticRegression({ rowCount: 40, names: ['flat'], columns: [x.map(() => 3)] }, treatment),
    /"flat" is constant/,
  );
  assert.throws(() => logisticRegression(columns, new Uint8Array(40)), /both groups need units/);
  assert.throws(
    () => logisticRegression({ ...columns, columns: [x.map(() => NaN)] }, treatment),
    /row 1, column "apart" is NaN/,
  );
});

test('E-values are the published ones, and bounds rise with what is hidden', () => {
  // VanderWeele & Ding 2017, introduction: a risk ratio of 3.9 (1.8 to 8.7) has E-values of 7.26 and 3.0.
  const { ofEstimate, ofInterval } = eValueOfRiskRatio({ estimate: 3.9, lower: 1.8, upper: 8.7 });
  assert.ok(near(ofEstimate, 7.26, 1e-3), String(ofEstimate));
  assert.ok(near(ofInterval, 3.0, 1e-3), String(ofInterval));
  const differences = Float64Array.from([
    15, -18, -5, 22, 18, 0, 6, 13, 49, 17, 25, 10, -2, 0, 4, 3, 23, 28, 12, 24, 2, 1, 26,
  ]);
  const bounds = [1, 2, 3].map((gamma) => signedRankBound(differences, gamma));
  assert.ok(bounds[0]! < bounds[1]! && bounds[1]! < bounds[2]!);
  const gamma = criticalGamma(differences, 0.05);
  assert.ok(near(signedRankBound(differences, gamma), 0.05, 1e-6));
});
