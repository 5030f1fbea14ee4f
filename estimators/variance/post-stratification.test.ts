import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { differenceOfMeans } from '../effect.ts';
import { momentsOf } from '../moments.ts';
import { normalQuantile } from '../normal.ts';
import { seededRandom } from '../seeded-random.ts';
import { postStratified, type Stratum } from './post-stratification.ts';

interface Golden {
  readonly cases: readonly { name: string; strata: Stratum[]; estimate: number; standardError: number }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/post_stratification.json'), 'utf8')) as Golden;

for (const { name, strata, estimate, standardError } of golden.cases) {
  test(`post-stratification is statsmodels' regression with all interactions and HC2: ${name}`, () => {
    const { control, treatment } = postStratified(strata);
    const effect = differenceOfMeans(control, treatment);
    assert.ok(Math.abs(effect.estimate - estimate) < 1e-10 * Math.max(1, Math.abs(estimate)));
    assert.ok(Math.abs(effect.standardError - standardError) < 1e-9, `${effect.standardError} is not ${standardError}`);
  });
}

test('one stratum changes nothing', () => {
  const [control, treatment] = [
    { count: 10, mean: 1, variance: 2 },
    { count: 12, mean: 3, variance: 4 },
  ];
  const result = postStratified([{ name: 'all', control, treatment }]);
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12);
  near(result.control.mean, 1);
  near(result.treatment.variance, 4);
  near(result.varianceRemovedRatio, 0);
});

test('strata that explain the outcome remove its variance, and intervals cover as they promise', () => {
  const random = seededRandom(8);
  const half = normalQuantile(0.025);
  let covered = 0;
  let removed = 0;
  const runs = 2_000;
  for (let run = 0; run < runs; run += 1) {
    const strata = [0, 1, 2].map((level): Stratum => {
      const arms: [number[], number[]] = [[], []];
      for (let unit = 0; unit < 60; unit += 1) {
        const arm = random.uniform() < 0.5 ? 0 : 1;
        arms[arm].push(3 * level + 0.5 * arm + random.normal());
      }
      return { name: `${level}`, control: momentsOf(arms[0]), treatment: momentsOf(arms[1]) };
    });
    const { control, treatment, varianceRemovedRatio } = postStratified(strata);
    const { estimate, standardError } = differenceOfMeans(control, treatment);
    if (Math.abs(estimate - 0.5) <= half * standardError) covered += 1;
    removed += varianceRemovedRatio / runs;
  }
  // Three Monte-Carlo errors of 95 %, and what Student's t would add with 90 units an arm.
  assert.ok(covered / runs > 0.93 && covered / runs < 0.965, `${covered / runs}`);
  // Levels 0, 3 and 6 have a variance of 6 beside a noise of 1.
  assert.ok(Math.abs(removed - 6 / 7) < 0.02, `${removed}`);
});

test('a stratum with too few units is named', () => {
  const arm = { count: 5, mean: 0, variance: 1 };
  const strata = [{ name: 'DE', control: arm, treatment: { ...arm, count: 1 } }];
  assert.throws(() => postStratified(strata), /stratum "DE" has 1 units in treatment/);
  assert.throws(() => postStratified([]), /no strata/);
});
