import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { Effect } from '../effect.ts';
import { seededRandom } from '../seeded-random.ts';
import { pooledEffect, type Heterogeneity } from './pooled-effect.ts';

interface Case extends Heterogeneity {
  readonly name: string;
  readonly estimates: readonly number[];
  readonly standardErrors: readonly number[];
  readonly fixed: Effect;
  readonly random: Effect;
}
const { cases } = JSON.parse(readFileSync(repositoryFile('estimators/golden/pooled_effect.json'), 'utf8')) as {
  readonly cases: readonly Case[];
};

function close(own: number, theirs: number, what: string): void {
  assert.ok(Math.abs(own - theirs) <= 1e-10 * Math.max(1, Math.abs(theirs)), `${what}: ${own} is not ${theirs}`);
}

for (const { name, estimates, standardErrors, fixed, random, ...heterogeneity } of cases) {
  test(`estimates are pooled as statsmodels pools them: ${name}`, () => {
    const effects = estimates.map((estimate, index) => ({ estimate, standardError: standardErrors[index] ?? NaN }));
    const own = pooledEffect(effects);
    for (const side of ['estimate', 'standardError'] as const) {
      close(own.fixed[side], fixed[side], `fixed ${side}`);
      close(own.random[side], random[side], `random ${side}`);
    }
    for (const key of ['statistic', 'degreesOfFreedom', 'pValue', 'inconsistencyRatio', 'betweenVariance'] as const)
      close(own.heterogeneity[key], heterogeneity[key], key);
  });
}

const effect = fc.record({
  estimate: fc.double({ min: -100, max: 100, noNaN: true }),
  standardError: fc.double({ min: 0.01, max: 10, noNaN: true }),
});

test('a pooled estimate lies among its parts and is surer than each of them', () => {
  fc.assert(
    fc.property(fc.array(effect, { minLength: 2, maxLength: 20 }), (effects) => {
      const { fixed, random } = pooledEffect(effects);
      const estimates = effects.map(({ estimate }) => estimate);
      for (const { estimate } of [fixed, random])
        assert.ok(estimate >= Math.min(...estimates) - 1e-9 && estimate <= Math.max(...estimates) + 1e-9);
      assert.ok(fixed.standardError <= Math.min(...effects.map(({ standardError }) => standardError)));
      assert.ok(random.standardError >= fixed.standardError * (1 - 1e-12));
    }),
    { seed: 1 },
  );
});

test('an effect that is the same everywhere is doubted as often as alpha says', () => {
  const random = seededRandom(3);
  let doubted = 0;
  for (let run = 0; run < 4_000; run += 1) {
    const effects = [0.1, 0.2, 0.3, 0.2, 0.5].map((standardError) => ({
      estimate: 2 + standardError * random.normal(),
      standardError,
    }));
    if (pooledEffect(effects).heterogeneity.pValue <= 0.05) doubted += 1;
  }
  // Three Monte-Carlo errors of 5 %.
  assert.ok(Math.abs(doubted / 4_000 - 0.05) < 0.0104, `${doubted / 4_000}`);
});

test('what cannot be pooled is refused', () => {
  assert.throws(() => pooledEffect([{ estimate: 1, standardError: 1 }]), /at least 2 estimates, got 1/);
  const broken = { estimate: 1, standardError: 0 };
  assert.throws(() => pooledEffect([broken, broken]), /estimate 0 is 1 with standard error 0/);
});
