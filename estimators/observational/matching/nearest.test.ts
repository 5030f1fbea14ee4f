import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../seeded-random.ts';
import { effectWithReplacement } from './matched-effect.ts';
import { nearestWithoutReplacement } from './nearest-without-replacement.ts';
import { nearestWithReplacement } from './nearest-with-replacement.ts';

interface Sample {
  readonly score: Float64Array;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
  readonly strata: Int32Array;
  readonly treated: readonly number[];
  readonly controls: readonly number[];
}

/** Scores on a grid have ties; others have none. */
function sampleOf(seed: number, hasTies: boolean): Sample {
  const random = seededRandom(seed);
  const rowCount = 30 + Math.floor(random.uniform() * 50);
  const treatment = Uint8Array.from({ length: rowCount }, (_, row) => (row % 5 === 0 ? 1 : random.bernoulli(0.2)));
  const score = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    const of = random.normal() + 0.5 * treatment[row]!;
    score[row] = hasTies ? Math.round(4 * of) / 4 : of;
  }
  const outcome = score.map((of) => of + random.normal());
  const strata = Int32Array.from({ length: rowCount }, () => random.bernoulli(0.5));
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  return {
    score,
    treatment,
    outcome,
    strata,
    treated: rows.filter((row) => treatment[row] === 1),
    controls: rows.filter((row) => treatment[row] === 0),
  };
}

/** The nearest of some rows, all that are as near as the last of them, none farther than the caliper: counted out. */
function nearest(score: Float64Array, of: number, among: readonly number[], count: number, caliper: number): number[] {
  const distance = (row: number): number => Math.abs(score[row]! - of);
  const farthest = among.map(distance).sort((a, b) => a - b)[Math.min(count, among.length) - 1] ?? -1;
  return among.filter((row) => distance(row) <= Math.min(farthest + 1e-12, caliper));
}

const settings = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  hasTies: fc.boolean(),
  neighbours: fc.integer({ min: 1, max: 4 }),
  caliper: fc.constantFrom(Infinity, 0.3, 0.1),
  isExact: fc.boolean(),
});

test('with replacement: matches, effect and the standard error of Abadie and Imbens, as counted out pair by pair', () => {
  fc.assert(
    fc.property(settings, ({ seed, hasTies, neighbours, caliper, isExact }) => {
      const { score, treatment, outcome, strata, treated, controls } = sampleOf(seed, hasTies);
      const options = { neighbours, caliper, ...(isExact ? { strata } : {}) };
      const found = nearestWithReplacement(score, treatment, outcome, options);
      const weights = new Float64Array(score.length);
      const squaredShares = new Float64Array(score.length);
      const differences: number[] = [];
      for (const row of treated) {
        const allowed = controls.filter((control) => !isExact || strata[control] === strata[row]);
        const matches = nearest(score, score[row]!, allowed, neighbours, caliper);
        if (matches.length === 0) continue;
        for (const match of matches) weights[match]! += 1 / matches.length;
        for (const match of matches) squaredShares[match]! += 1 / matches.length ** 2;
        differences.push(outcome[row]! - mean(matches.map((match) => outcome[match]!)));
      }
      assert.equal(found.matchedCount, differences.length);
      for (const row of controls) assert.ok(Math.abs(found.weights[row]! - weights[row]!) < 1e-9, `weight of ${row}`);
      if (differences.length < 2) return;
      const effect = mean(differences);
      let squares = differences.reduce((sum, each) => sum + (each - effect) ** 2, 0);
      for (const row of controls.filter((control) => weights[control]! > 0)) {
        const others = controls.filter((other) => other !== row);
        const fellows = nearest(score, score[row]!, others, 4, Infinity);
        const distance = outcome[row]! - mean(fellows.map((fellow) => outcome[fellow]!));
        const variance = (fellows.length / (fellows.length + 1)) * distance ** 2;
        squares += (weights[row]! ** 2 - squaredShares[row]!) * variance;
      }
      const { estimate, standardError } = effectWithReplacement(score, treatment, outcome, found);
      assert.ok(Math.abs(estimate - effect) < 1e-9, `estimate ${estimate}, counted out ${effect}`);
      const expected = Math.sqrt(squares) / differences.length;
      assert.ok(Math.abs(standardError - expected) < 1e-9, `standard error ${standardError}, counted out ${expected}`);
    }),
    { seed: 1, numRuns: 600 },
  );
});

test('without replacement: the pairs that treated units choose in turn, as counted out', () => {
  fc.assert(
    fc.property(settings, ({ seed, hasTies, neighbours, caliper, isExact }) => {
      const { score, treatment, outcome, strata, treated, controls } = sampleOf(seed, hasTies);
      const options = { neighbours, caliper, ...(isExact ? { strata } : {}) };
      const { pairs } = nearestWithoutReplacement(score, treatment, outcome, options);
      const free = new Set(controls);
      const chosen = new Map<number, number[]>(treated.map((row) => [row, []]));
      const inTurn = [...treated].sort((a, b) => score[b]! - score[a]! || a - b);
      for (let round = 0; round < neighbours; round += 1)
        for (const row of inTurn) {
          const distance = (control: number): number => Math.abs(score[control]! - score[row]!);
          const [next] = [...free]
            .filter((control) => distance(control) <= caliper && (!isExact || strata[control] === strata[row]))
            .sort((a, b) => distance(a) - distance(b) || score[a]! - score[b]! || a - b);
          if (next === undefined || chosen.get(row)!.length < round) continue;
          free.delete(next);
          chosen.get(row)!.push(next);
        }
      const expected = new Int32Array(score.length).fill(-1);
      for (const [row, matches] of chosen)
        for (const of of matches.length > 0 ? [row, ...matches] : []) expected[of] = row;
      assert.deepEqual(pairs, expected);
    }),
    { seed: 1, numRuns: 600 },
  );
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
