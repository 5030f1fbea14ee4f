import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../seeded-random.ts';
import type { Columns } from '../columns.ts';
import { columnBalances } from './balance.ts';
import { keptByOverlap, overlapOf } from './overlap.ts';
import { optimalCut, trimmedBy, type TrimmingRule } from './trimming.ts';

function study(seed: number, rowCount: number) {
  const random = seededRandom(seed);
  const [x, flag] = [0, 0].map(() => new Float64Array(rowCount));
  const propensity = new Float64Array(rowCount);
  const treatment = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    x![row] = Math.round(10 * random.normal()) / 10;
    flag![row] = random.bernoulli(0.3);
    propensity[row] = 1 / (1 + Math.exp(-1.5 * x![row]! - flag![row]!));
    treatment[row] = row < 2 ? row : random.bernoulli(propensity[row]!);
  }
  const covariates: Columns = { rowCount, names: ['x', 'flag'], columns: [x!, flag!] };
  return { covariates, treatment, propensity };
}

test('the standard deviation is that of the treated for the treated, else of both, always before weighting', () => {
  const columns: Columns = { rowCount: 6, names: ['x'], columns: [Float64Array.of(1, 2, 3, 2, 6, 10)] };
  const treatment = Uint8Array.of(0, 0, 0, 1, 1, 1);
  const weights = Float64Array.of(1, 1, 2, 1, 1, 1);
  const [att] = columnBalances(columns, treatment, 'ATT', weights);
  const [ate] = columnBalances(columns, treatment, 'ATE', weights);
  assert.ok(Math.abs(att!.standardizedDifference - (6 - 2.25) / 4) < 1e-12);
  assert.ok(Math.abs(ate!.standardizedDifference - (6 - 2.25) / Math.sqrt((16 + 1) / 2)) < 1e-12);
  assert.ok(Math.abs(att!.kolmogorovSmirnov - 2 / 3) < 1e-12);
  // At 1, 2, 3, 6 and 10: 1/4, 1/2 − 1/3, 1 − 1/3, 1 − 2/3, 0.
  assert.ok(Math.abs(att!.meanDistance - (1 / 4 + 1 / 6 + 2 / 3 + 1 / 3) / 5) < 1e-12);
  const [still] = columnBalances({ ...columns, columns: [new Float64Array(6).fill(3)] }, treatment, 'ATT');
  assert.deepEqual([still!.standardizedDifference, still!.kolmogorovSmirnov, still!.varianceRatio], [0, 0, null]);
  assert.throws(() => columnBalances(columns, new Uint8Array(6), 'ATT'), /the treated have no weight/);
});

test('a weight of 2 is two units, the unit of a column does not matter, and nor does the order of rows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0.01, max: 1000, noNaN: true }), (seed, scale) => {
      const { covariates, treatment } = study(seed, 80);
      const weights = treatment.map((_, row) => 1 + (row % 2));
      const twice = [...treatment.keys()].flatMap((row) => (row % 2 === 1 ? [row, row] : [row])).reverse();
      const [x] = covariates.columns;
      const single = columnBalances(covariates, treatment, 'ATT', Float64Array.from(weights))[0]!;
      const repeated = columnBalances(
        { rowCount: twice.length, names: ['x'], columns: [Float64Array.from(twice, (row) => scale * x![row]!)] },
        Uint8Array.from(twice, (row) => treatment[row]!),
        'ATT',
      )[0]!;
      assert.ok(Math.abs(single.kolmogorovSmirnov - repeated.kolmogorovSmirnov) < 1e-12);
      assert.ok(Math.abs(single.meanDistance - repeated.meanDistance) < 1e-12);
      assert.ok(Math.abs(scale * single.treatedMean - repeated.treatedMean) < 1e-9 * scale);
      assert.equal(Math.sign(single.standardizedDifference), Math.sign(repeated.standardizedDifference));
    }),
    { numRuns: 50 },
  );
});

const RULES: readonly TrimmingRule[] = [
  { rule: 'optimal' },
  { rule: 'common-support' },
  { rule: 'common-support-of-treated' },
  { rule: 'bounds', least: 0.1, most: 0.9 },
];

test('a trimming rule keeps exactly the propensities within its ranges, and counts everybody', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(...RULES), (seed, rule) => {
      const { treatment, propensity } = study(seed, 200);
      const trimmed = trimmedBy(rule, propensity, treatment);
      const treated = treatment.reduce((sum, of) => sum + of, 0);
      assert.equal(trimmed.keptTreatedCount + trimmed.leftOutTreatedCount, treated);
      assert.equal(trimmed.keptControlCount + trimmed.leftOutControlCount, 200 - treated);
      assert.equal(
        trimmed.keptTreatedCount + trimmed.keptControlCount,
        trimmed.kept.reduce((sum, of) => sum + of, 0),
      );
      for (const [row, of] of propensity.entries()) {
        const { least, most } = treatment[row] === 1 ? trimmed.treatedRange : trimmed.controlRange;
        assert.equal(trimmed.kept[row] === 1, of >= least && of <= most);
      }
    }),
  );
});

/** Corollary 1: among all α the variance of the efficient estimator on those who are kept is smallest at the cut. */
test('no other symmetric cut has a smaller variance than the optimal one', () => {
  for (const seed of [1, 2, 3]) {
    const { propensity } = study(seed, 3000);
    const variance = (cut: number): number => {
      const kept = propensity.filter((e) => e >= cut && e <= 1 - cut);
      return kept.reduce((sum, e) => sum + 1 / (e * (1 - e)), 0) / kept.length ** 2;
    };
    const best = variance(optimalCut(propensity));
    for (let cut = 0; cut < 0.45; cut += 0.003) assert.ok(variance(cut) >= best * (1 - 1e-3), `cut ${cut}`);
  }
  assert.equal(optimalCut(Float64Array.of(0.4, 0.5, 0.6, 0.5)), 0);
  assert.equal(optimalCut(Float64Array.of(0, 0.5, 0.5, 1)), 0.5);
});

test('overlap: everybody is in a bar, and nobody is kept beyond what the other group has', () => {
  const { treatment, propensity } = study(9, 500);
  const { treatedCounts, controlCounts, edges, commonSupportRatio } = overlapOf(propensity, treatment);
  assert.equal(
    [...treatedCounts, ...controlCounts].reduce((sum, of) => sum + of, 0),
    500,
  );
  assert.equal(edges.length, treatedCounts.length + 1);
  assert.ok(commonSupportRatio > 0 && commonSupportRatio <= 1);
  assert.ok(keptByOverlap(propensity, treatment, 'ATO').every((of) => of === 1));
  assert.throws(() => overlapOf(propensity, new Uint8Array(500)), /there are no treated units/);
  assert.throws(() => overlapOf(Float64Array.of(0.5, NaN), Uint8Array.of(1, 0)), /the propensity of row 1 is NaN/);
  assert.throws(() => trimmedBy({ rule: 'bounds', least: 0.9, most: 0.1 }, propensity, treatment), RangeError);
});
