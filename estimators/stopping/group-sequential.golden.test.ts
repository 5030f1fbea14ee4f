import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { classicBoundaries } from './classic-boundaries.ts';
import { crossingProbabilities } from './crossing.ts';
import { futilityDesign, type FutilityInput } from './futility-boundaries.ts';
import { groupSequentialDrift, groupSequentialPower } from './group-sequential-power.ts';
import { equalInformation } from './information.ts';
import { spendingBoundaries } from './spending-boundaries.ts';
import type { Spending } from './spending.ts';
import { stagewiseInference } from './stagewise-inference.ts';

// Values of R's rpact 3.3.4: golden/make_group_sequential.R. It solves to 1e-10 in probability and prints 12 digits; 1e300 stands for infinite.
interface Golden {
  readonly spending: readonly {
    readonly spending: Spending;
    readonly alpha: number;
    readonly power: number;
    readonly informationFractions: readonly number[];
    readonly boundaries: readonly number[];
    readonly drift: number;
    readonly expectedInformation: number;
    readonly rejections: readonly number[];
  }[];
  readonly classic: readonly {
    readonly delta: number;
    readonly looks: number;
    readonly alpha: number;
    readonly boundaries: readonly number[];
  }[];
  readonly futility: readonly (FutilityInput & {
    readonly upper: readonly number[];
    readonly lower: readonly number[];
    readonly drift: number;
    readonly inflationFactor: number;
    readonly success: readonly number[];
    readonly givenUp: readonly number[];
  })[];
  readonly final: readonly {
    readonly informationFractions: readonly number[];
    readonly boundaries: readonly number[];
    readonly units: readonly [number];
    readonly z: number;
    readonly pValue: number;
    readonly medianUnbiased: number;
    readonly interval: readonly [number, number];
  }[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/group-sequential.json'), 'utf8')) as Golden;

function close(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= tolerance,
    `${what}: ${actual}, expected ${expected}`,
  );
}

/** rpact has fewer digits where hardly anything is spent, and gives up on boundaries beyond about 7. */
function boundariesAgree(actual: readonly number[], expected: readonly number[], tolerance: number, what: string) {
  assert.equal(actual.length, expected.length);
  for (const [look, boundary] of expected.entries()) {
    const ours = actual[look] ?? NaN;
    if (boundary === 1e300) assert.ok(ours > 6.5, `${what}, look ${look + 1}: ${ours}`);
    else close(ours, boundary, boundary > 4 ? 2e-5 : tolerance, `${what}, look ${look + 1}`);
  }
}

for (const expected of golden.spending) {
  const { spending, alpha, power, informationFractions } = expected;
  const name = `${JSON.stringify(spending)} at ${informationFractions.join(', ')}`;
  test(`boundaries and power of ${name} equal rpact's`, () => {
    const boundaries = spendingBoundaries({ spending, alpha, informationFractions, isFinal: true });
    boundariesAgree(boundaries, expected.boundaries, 5e-7, name);
    const design = { informationFractions, boundaries };
    const { above } = crossingProbabilities({
      informationFractions,
      upper: boundaries,
      lower: boundaries.map((c) => -c),
      drift: expected.drift,
    });
    for (const [look, probability] of expected.rejections.entries())
      close(above[look], probability, 2e-6, `rejections at look ${look + 1}`);
    // rpact plans by the upper side alone; the power of both sides is a little more.
    close(
      above.reduce((sum, p) => sum + p, 0),
      power,
      1e-7,
      'power',
    );
    const { drift } = groupSequentialDrift(design, { alpha, power });
    assert.ok(drift <= expected.drift && drift > expected.drift * 0.9995, `drift ${drift}`);
    close(groupSequentialPower(design, drift).power, power, 1e-9, 'power of both sides');
    const { expectedInformation } = groupSequentialPower(design, expected.drift);
    close(expectedInformation, expected.expectedInformation, 1e-5, 'expected information');
  });
}

for (const { delta, looks, alpha, boundaries } of golden.classic) {
  test(`boundaries of Wang and Tsiatis, delta ${delta}, ${looks} looks, alpha ${alpha} equal rpact's`, () => {
    boundariesAgree(
      classicBoundaries({ shape: { family: 'wang-tsiatis', delta }, looks, alpha }),
      boundaries,
      3e-6,
      '',
    );
  });
}

for (const { upper, lower, drift, inflationFactor, success, givenUp, ...input } of golden.futility) {
  const name = `${JSON.stringify(input.alphaSpending)}, ${JSON.stringify(input.betaSpending)}, ${input.isBinding === true ? '' : 'not '}binding`;
  test(`futility boundaries equal rpact's: ${name}`, () => {
    const design = futilityDesign(input);
    boundariesAgree(design.upper, upper, 1e-6, 'upper');
    boundariesAgree(design.lower.slice(0, -1), lower, 1e-6, 'lower');
    assert.equal(design.lower.at(-1), design.upper.at(-1));
    close(design.drift, drift, 1e-6, 'drift');
    close(design.inflationFactor, inflationFactor, 1e-6, 'inflation factor');
    const { above, below } = crossingProbabilities({ ...input, upper: design.upper, lower: design.lower, drift });
    for (const [look, probability] of success.entries()) close(above[look], probability, 1e-6, `success ${look + 1}`);
    for (const [look, probability] of givenUp.entries()) close(below[look], probability, 1e-6, `given up ${look + 1}`);
    close(
      above.reduce((sum, p) => sum + p, 0),
      1 - input.beta,
      1e-7,
      'power',
    );
  });
}

for (const { informationFractions, boundaries, units, z, pValue, medianUnbiased, interval } of golden.final) {
  test(`p-value, estimate and interval after ${informationFractions.length} looks equal rpact's`, () => {
    const standardError = 1 / Math.sqrt(units[0]);
    const effect = { estimate: z * standardError, standardError };
    const actual = stagewiseInference({ informationFractions, boundaries, effect, alpha: 0.05 });
    // rpact leaves the other side's boundary out, which shows where nothing was crossed.
    const tolerance = Math.abs(z) > (boundaries.at(-1) ?? NaN) ? 1e-6 : 1e-4;
    close(actual.pValue, pValue, 1e-8 + 4e-4 * pValue, 'p-value');
    close(actual.estimate, medianUnbiased, tolerance, 'estimate');
    close(actual.lower, interval[0], tolerance, 'lower');
    close(actual.upper, interval[1], tolerance, 'upper');
  });
}

// C. Jennison, B. W. Turnbull, Group Sequential Methods with Applications to Clinical Trials (2000): tables 2.1 and 2.3 (constants), 2.2 and 2.4
// (ratios of the maximum sample size to that of a fixed test).
const TABLES = [
  ['pocock', 0.05, [[2, 2.178], [3, 2.289], [4, 2.361], [5, 2.413], [10, 2.555], [20, 2.672]]],
  ['pocock', 0.01, [[2, 2.772], [5, 2.986], [10, 3.117]]],
  ['pocock', 0.1, [[2, 1.875], [5, 2.122], [10, 2.27]]],
  ['obrien-fleming', 0.05, [[1, 1.96], [2, 1.977], [3, 2.004], [4, 2.024], [5, 2.04], [10, 2.087], [20, 2.126]]],
  ['obrien-fleming', 0.01, [[2, 2.58], [3, 2.595], [5, 2.621]]],
  ['obrien-fleming', 0.1, [[2, 1.678], [5, 1.751]]],
] as const; // prettier-ignore

test('the constants of Pocock and of O’Brien and Fleming are those of Jennison and Turnbull', () => {
  for (const [shape, alpha, rows] of TABLES)
    for (const [looks, constant] of rows)
      close(classicBoundaries({ shape, looks, alpha }).at(-1), constant, 5.1e-4, `${shape} ${looks} ${alpha}`);
});

test('sample sizes over those of a fixed test are those of Jennison and Turnbull', () => {
  const rows = [
    [
      'pocock',
      0.8,
      [
        [2, 1.11],
        [3, 1.166],
        [4, 1.202],
        [5, 1.229],
        [10, 1.301],
      ],
    ],
    [
      'pocock',
      0.9,
      [
        [2, 1.1],
        [5, 1.207],
      ],
    ],
    [
      'obrien-fleming',
      0.8,
      [
        [2, 1.008],
        [3, 1.017],
        [4, 1.024],
        [5, 1.028],
        [10, 1.04],
      ],
    ],
    [
      'obrien-fleming',
      0.9,
      [
        [2, 1.007],
        [5, 1.026],
      ],
    ],
  ] as const; // The tables count the upper side alone, which wants up to 0.0003 more.
  for (const [shape, power, table] of rows)
    for (const [looks, ratio] of table) {
      const design = {
        informationFractions: equalInformation(looks),
        boundaries: classicBoundaries({ shape, looks, alpha: 0.05 }),
      };
      close(groupSequentialDrift(design, { alpha: 0.05, power }).inflationFactor, ratio, 8e-4, `${shape} ${looks}`);
    }
});
