import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../seeded-random.ts';
import { columnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { eValueOfDifference, eValueOfOddsRatio, eValueOfRiskRatio } from './e-value.ts';
import {
  confounderLike,
  overturningMultiple,
  sensitivityContours,
  withConfounder,
  type Coefficient,
} from './omitted-variable-bias.ts';
import { robustnessValue, robustnessValueOf } from './robustness-value.ts';
import { regressionShares } from './regression-shares.ts';
import { criticalGamma, criticalGammaOfMcNemar, mcNemarBound, signedRankBound } from './rosenbaum.ts';

test('E-values of smoking and of breastfeeding, as VanderWeele and Ding (2017) publish them', () => {
  // Hammond & Horn: risk ratio 10.73 (8.02 to 14.36); Victora et al.: 3.9 (1.8 to 8.7).
  const smoking = eValueOfRiskRatio({ estimate: 10.73, lower: 8.02, upper: 14.36 });
  assert.deepEqual([smoking.ofEstimate.toFixed(2), smoking.ofInterval.toFixed(2)], ['20.95', '15.52']);
  const bottle = eValueOfRiskRatio({ estimate: 3.9, lower: 1.8, upper: 8.7 });
  assert.deepEqual([bottle.ofEstimate.toFixed(2), bottle.ofInterval.toFixed(1)], ['7.26', '3.0']);
  const leukaemia = eValueOfRiskRatio({ estimate: 0.8, lower: 0.71, upper: 0.91 });
  assert.deepEqual([leukaemia.ofEstimate.toFixed(1), leukaemia.ofInterval.toFixed(2)], ['1.8', '1.43']);
});

test('E-values of differences and odds ratios are those of the risk ratios that they amount to', () => {
  const { riskRatio, ofEstimate, ofInterval } = eValueOfDifference({ estimate: -0.42, standardError: 0.14 }, 1);
  assert.ok(Math.abs(riskRatio - Math.exp(-0.91 * 0.42)) < 1e-12);
  assert.deepEqual([ofEstimate.toFixed(2), ofInterval.toFixed(2)], ['2.29', '1.54']);
  const wide = eValueOfDifference({ estimate: -0.42, standardError: 0.14 }, 1, 0.001);
  assert.equal(wide.ofInterval, 1);
  const ratio = { estimate: 4, lower: 2.25, upper: 9 };
  assert.deepEqual(eValueOfOddsRatio(ratio, false), eValueOfRiskRatio({ estimate: 2, lower: 1.5, upper: 3 }));
  assert.throws(() => eValueOfRiskRatio({ estimate: 2, lower: 3, upper: 4 }), RangeError);
});

const coefficients = fc.record({
  estimate: fc.double({ min: -50, max: 50, noNaN: true }).filter((of) => Math.abs(of) > 1e-3),
  standardError: fc.double({ min: 0.01, max: 10, noNaN: true }),
  degreesOfFreedom: fc.integer({ min: 5, max: 100_000 }),
});

test('a confounder exactly as strong as the robustness value brings the estimate to 0, or to the edge of significance', () => {
  fc.assert(
    fc.property(coefficients, (coefficient: Coefficient) => {
      const { estimate, standardError, degreesOfFreedom } = coefficient;
      const value = robustnessValueOf(estimate / standardError, degreesOfFreedom);
      assert.ok(value > 0 && value < 1);
      const left = withConfounder(coefficient, { withTreatment: value, withOutcome: value });
      assert.ok(Math.abs(left.estimate) < 1e-6 * Math.abs(estimate));
      const significant = robustnessValueOf(estimate / standardError, degreesOfFreedom, { alpha: 0.05 });
      assert.ok(significant >= 0 && significant <= value);
    }),
  );
});

test('a confounder as many times as strong as a covariate as it takes brings the estimate to 0, and a weaker one does not', () => {
  const share = fc.double({ min: 0.001, max: 0.95, noNaN: true });
  fc.assert(
    fc.property(coefficients, share, share, (coefficient, withTreatment, withOutcome) => {
      const multiple = overturningMultiple(coefficient, { withTreatment, withOutcome });
      assert.ok(multiple !== null && multiple > 0);
      const weaker = confounderLike({ withTreatment, withOutcome }, 0.99 * multiple);
      assert.ok(weaker !== null);
      assert.equal(Math.sign(withConfounder(coefficient, weaker).estimate), Math.sign(coefficient.estimate));
      const stronger = confounderLike({ withTreatment, withOutcome }, 1.01 * multiple);
      if (stronger !== null)
        assert.notEqual(Math.sign(withConfounder(coefficient, stronger).estimate), Math.sign(coefficient.estimate));
    }),
  );
});

test('contours begin at the estimate and fall along both axes', () => {
  const { estimates, limits } = sensitivityContours(
    { estimate: -3, standardError: 0.5, degreesOfFreedom: 400 },
    { most: 0.4, steps: 8, alpha: 0.05 },
  );
  assert.equal(estimates.length, 9);
  assert.equal(estimates[0]![0], -3);
  for (let i = 1; i < 9; i += 1)
    for (let j = 2; j < 9; j += 1) {
      assert.ok(estimates[i]![j]! > estimates[i]![j - 1]! && estimates[j]![i]! > estimates[j - 1]![i]!);
      assert.ok(limits[i]![j]! > estimates[i]![j]!);
    }
});

/** A confounder that is measured, so that leaving it out can be compared with what is said of it. */
test('the bias formula gives exactly what leaving a measured confounder out does', () => {
  const random = seededRandom(4);
  const rowCount = 400;
  const [age, hidden, outcome] = [1, 2, 3].map(() => new Float64Array(rowCount));
  const treatment = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    age![row] = random.normal();
    hidden![row] = random.normal() + 0.3 * age![row]!;
    treatment[row] = random.bernoulli(1 / (1 + Math.exp(-hidden![row]! - 0.5 * age![row]!)));
    outcome![row] = 3 * treatment[row]! + age![row]! + 2 * hidden![row]! + random.normal();
  }
  const columnsOf = (...columns: Float64Array[]): Columns => ({
    rowCount,
    names: columns.map((_, j) => `column ${j}`),
    columns,
  });
  const [short, long] = [columnsOf(age!), columnsOf(age!, hidden!)].map((columns) =>
    robustnessValue(columns, columnScales(columns), treatment, outcome!, 0.05),
  );
  const ofTreatment = columnsOf(age!, hidden!);
  const ofOutcome = columnsOf(age!, hidden!, Float64Array.from(treatment));
  const exposed = Float64Array.from(treatment);
  const shares = {
    withTreatment: regressionShares(ofTreatment, columnScales(ofTreatment), exposed, 'treatment').shareOf([1]),
    withOutcome: regressionShares(ofOutcome, columnScales(ofOutcome), outcome!, 'outcome').shareOf([1]),
  };
  const left = withConfounder(short!, shares);
  assert.ok(Math.abs(left.estimate - long!.estimate) < 1e-9, `${left.estimate} and ${long!.estimate}`);
  assert.ok(Math.abs(left.standardError - long!.standardError) < 1e-9);
});

test('Rosenbaum bounds grow with gamma, are critical where they cross alpha, and reach McNemar for outcomes of 0 and 1', () => {
  const sample = fc.array(fc.integer({ min: -20, max: 40 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(
      sample.filter((of) => of.some((each) => each !== 0)),
      (values) => {
        const differences = Float64Array.from(values);
        const bounds = [1, 1.5, 2, 4].map((gamma) => signedRankBound(differences, gamma));
        for (const [i, p] of bounds.entries()) {
          assert.ok(p >= 0 && p <= 1);
          if (i > 0) assert.ok(p >= bounds[i - 1]! - 1e-12);
        }
        const gamma = criticalGamma(differences, 0.025);
        assert.ok(gamma >= 1);
        if (gamma > 1 && gamma < 1e5) assert.ok(Math.abs(signedRankBound(differences, gamma) - 0.025) < 1e-6);
      },
    ),
  );
  const pairs = [...new Array<number>(15).fill(1), ...new Array<number>(4).fill(-1), 0, 0];
  assert.ok(Math.abs(signedRankBound(Float64Array.from(pairs), 1.5) - mcNemarBound(19, 15, 1.5)) < 1e-12);
  assert.ok(Math.abs(criticalGamma(Float64Array.from(pairs), 0.05) - criticalGammaOfMcNemar(19, 15, 0.05)) < 1e-6);
  assert.throws(() => signedRankBound(Float64Array.of(0, 0), 1), /no pair differs/);
  assert.throws(() => mcNemarBound(3, 4, 1), RangeError);
  assert.throws(() => signedRankBound(Float64Array.of(1), 0.5), /gamma must be at least 1/);
});

/** Whether the promise is kept: with a confounder of odds Γ the bound at Γ rejects a true null at most as often as it says. */
test('the bound holds its level when a hidden confounder of that gamma works as hard as it can', () => {
  const random = seededRandom(19);
  const gamma = 2;
  for (const pairs of [30, 200]) {
    let rejected = 0;
    for (let draw = 0; draw < 1000; draw += 1) {
      const differences = Float64Array.from(
        { length: pairs },
        () => Math.abs(random.normal()) * (random.bernoulli(gamma / (1 + gamma)) === 1 ? 1 : -1),
      );
      if (signedRankBound(differences, gamma) <= 0.05) rejected += 1;
    }
    assert.ok(rejected <= 70 && rejected >= 25, `${rejected} of 1000 at ${pairs} pairs`);
  }
});

test('columns that determine the treatment or the outcome leave nothing to explain, and are refused', () => {
  const column = Float64Array.from({ length: 30 }, (_, row) => row % 2);
  const covariates: Columns = { rowCount: 30, names: ['same'], columns: [column] };
  const outcome = Float64Array.from({ length: 30 }, (_, row) => (row * 7) % 11);
  const scales = columnScales(covariates);
  assert.throws(() => robustnessValue(covariates, scales, Uint8Array.from(column), outcome, 0.05), /the treatment/);
  const treatment = Uint8Array.from({ length: 30 }, (_, row) => (row % 3 === 0 ? 1 : 0));
  assert.throws(() => robustnessValue(covariates, scales, treatment, column, 0.05), /the outcome/);
});
