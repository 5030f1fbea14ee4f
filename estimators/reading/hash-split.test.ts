import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { seededRandom } from '../seeded-random.ts';
import { aaReport } from './aa-verdict.ts';
import { hashSplit } from './hash-split.ts';
import { retrospectiveAa, type AaPlan } from './retrospective-aa.ts';

interface Golden {
  readonly keys: readonly number[];
  readonly cases: readonly { seed: number; arms: number[] }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/hash_split.json'), 'utf8')) as Golden;

for (const { seed, arms } of golden.cases) {
  test(`units are dealt as MurmurHash3 says, seed ${seed}`, () => {
    assert.deepEqual([...hashSplit(Float64Array.from(golden.keys), seed)], arms);
  });
}

test('keys that follow each other are dealt evenly, and one split says nothing of another', () => {
  const keys = Float64Array.from({ length: 20_000 }, (_, unit) => unit);
  const first = hashSplit(keys, 1);
  const second = hashSplit(keys, 2);
  const treated = first.reduce((sum, arm) => sum + arm, 0);
  const together = first.reduce((sum, arm, unit) => sum + (arm === second[unit] ? 1 : 0), 0);
  // Four standard errors of a fair coin.
  const limit = 4 * Math.sqrt(20_000 / 4);
  assert.ok(Math.abs(treated - 10_000) < limit);
  assert.ok(Math.abs(together - 10_000) < limit);
});

test('a key or a seed that is none is refused', () => {
  assert.throws(() => hashSplit(Float64Array.of(1.5), 1), /the key of unit 0 .* got 1.5/);
  assert.throws(() => hashSplit(Float64Array.of(-1), 1), RangeError);
  assert.throws(() => hashSplit(Float64Array.of(1), 2 ** 32), /the seed/);
});

test('split by hash, a metric of alike units holds, and the order of the units changes nothing', () => {
  const random = seededRandom(11);
  const keys = Float64Array.from({ length: 3_000 }, () => Math.floor(random.uniform() * 2 ** 52));
  const values = keys.map((key) => Math.exp(Math.sin(key)) + random.uniform());
  const plan: AaPlan = { stopping: { rule: 'fixed-horizon' }, splits: 400, looks: 1, alpha: 0.05, seed: 3 };
  const pairs = [{ numerator: 0, denominator: null }];
  const splits = retrospectiveAa({ numbers: [values], pairs, keys }, plan);
  assert.equal(aaReport(splits, plan).verdict, 'holds');
  const backwards = retrospectiveAa({ numbers: [values.toReversed()], pairs, keys: keys.toReversed() }, plan);
  for (const [index, { estimate }] of splits.entries())
    assert.ok(Math.abs(estimate - (backwards[index]?.estimate ?? NaN)) < 1e-12);
  assert.throws(() => retrospectiveAa({ numbers: [values], pairs, keys: keys.slice(1) }, plan), /2999 keys for 3000/);
});
