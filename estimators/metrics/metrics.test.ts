import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cuped } from '../cuped.ts';
import { jointMomentsFromSums, momentsAt, type JointMoments } from '../joint-moments.ts';
import { seededRandom } from '../seeded-random.ts';
import { cupedSeveral } from '../variance/cuped-several.ts';
import { linearizedRatios } from './ratio.ts';
import { clusteredQuantile } from './testing/clustered-rows.ts';

const near = (a: number, b: number, tolerance = 1e-9): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
type Row = readonly [n: number, d: number, x: number];

function joint(rows: readonly Row[]): JointMoments {
  const places = [0, 1, 2] as const;
  return jointMomentsFromSums({
    count: rows.length,
    centres: [0, 0, 0],
    sums: places.map((i) => rows.reduce((sum, row) => sum + row[i], 0)),
    products: places.map((i) => places.map((j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0))),
  });
}
const ratioOf = (rows: readonly Row[]) =>
  momentsAt(linearizedRatios(joint(rows), [{ numerator: 0, denominator: 1 }]), 0);

const row = fc.tuple(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: -20, max: 20 }),
);
const rows = fc.array(row, { minLength: 3, maxLength: 60 });

test('a denominator of 1 makes a ratio a mean', () => {
  const { mean, variance } = ratioOf([
    [2, 1, 0],
    [4, 1, 0],
    [9, 1, 0],
  ]);
  assert.ok(near(mean, 5) && near(variance, 13));
});

test('scaling the numerator scales the ratio; scaling both changes nothing', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 1_000 }), (data, factor) => {
      const plain = ratioOf(data);
      const scaled = ratioOf(data.map(([n, d, x]) => [n * factor, d, x]));
      const both = ratioOf(data.map(([n, d, x]) => [n * factor, d * factor, x]));
      assert.ok(near(scaled.mean, factor * plain.mean) && near(scaled.variance, factor ** 2 * plain.variance, 1e-7));
      assert.ok(near(both.mean, plain.mean) && near(both.variance, plain.variance, 1e-7));
    }),
    { seed: 2, numRuns: 200 },
  );
});

test('one covariate is CUPED', () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const of = (data: readonly Row[], f: (r: Row) => number): number => data.reduce((sum, r) => sum + f(r), 0);
      const sums = (data: readonly Row[]) => ({
        count: data.length,
        sumY: of(data, ([n]) => n),
        sumYY: of(data, ([n]) => n * n),
        sumX: of(data, ([, , x]) => x),
        sumXX: of(data, ([, , x]) => x * x),
        sumXY: of(data, ([n, , x]) => n * x),
      });
      const outcomeAndCovariate = (data: readonly Row[]) =>
        linearizedRatios(joint(data), [
          { numerator: 0, denominator: null },
          { numerator: 2, denominator: null },
        ]);
      const many = cupedSeveral(outcomeAndCovariate(a), outcomeAndCovariate(b));
      const single = cuped(sums(a), sums(b));
      assert.ok(near(many.thetas[0] ?? NaN, single.theta, 1e-6), `${many.thetas[0]} ${single.theta}`);
      assert.ok(near(many.treatment.mean, single.treatment.mean, 1e-7));
      assert.ok(near(many.control.variance, single.control.variance, 1e-7));
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('the interval of a 90 % quantile of units with many rows holds in 95 %; one that ignores the units does not', () => {
  const random = seededRandom(4);
  const truth = trueQuantile();
  const runs = 400;
  let [held, heldByRows] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const { values, units } = latencies(random, 400);
    const { count, mean, variance } = clusteredQuantile(values, units, 0.9);
    if (Math.abs(mean - truth) <= 1.96 * Math.sqrt(variance / count)) held += 1;
    const rowsAlone = values.map((_, i) => i);
    const alone = clusteredQuantile(values, rowsAlone, 0.9);
    if (Math.abs(alone.mean - truth) <= 1.96 * Math.sqrt(alone.variance / alone.count)) heldByRows += 1;
  }
  const error = 2.576 * Math.sqrt((0.95 * 0.05) / runs);
  assert.ok(Math.abs(held / runs - 0.95) < error, `clustered: ${held / runs}`);
  assert.ok(heldByRows / runs < 0.85, `by rows: ${heldByRows / runs}`);
});

/** Latencies of users, slow ones and fast ones, ten each. */
function latencies(random: ReturnType<typeof seededRandom>, users: number): { values: number[]; units: number[] } {
  const values: number[] = [];
  const units: number[] = [];
  for (let unit = 0; unit < users; unit += 1) {
    const own = Math.exp(0.7 * random.normal());
    for (let event = 0; event < 10; event += 1) {
      values.push(own * random.exponential(100));
      units.push(unit);
    }
  }
  return { values, units };
}

function trueQuantile(): number {
  const { values } = latencies(seededRandom(5), 200_000);
  values.sort((a, b) => a - b);
  return values[Math.floor(0.9 * values.length)] ?? NaN;
}
