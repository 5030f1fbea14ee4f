import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import type { Effect } from '../effect.ts';
import { jointMomentsFromSums, type JointMoments } from '../joint-moments.ts';
import { momentsOf, type Moments } from '../moments.ts';
import { seededRandom } from '../seeded-random.ts';
import { effectTrend } from './effect-trend.ts';
import { interaction } from './interaction.ts';
import { triggeredEffect } from './triggered-effect.ts';
import { volumeJumps } from './volume-jumps.ts';

// Values of statsmodels and SciPy: estimators/golden/make_reading.py, versions in the file.
type Numbers = readonly number[];
type WelchValues = Record<'estimate' | 'lower' | 'upper' | 'degreesOfFreedom' | 'pValue', number>;
interface Golden {
  readonly rtol: number;
  readonly interactions: readonly ({ readonly name: string; readonly cells: Record<string, Numbers> } & Effect)[];
  readonly trends: readonly ({
    readonly name: string;
    readonly control: readonly Numbers[];
    readonly treatment: readonly Numbers[];
    readonly armByDayCoefficient: number;
  } & Record<'slope' | 'firstHalf' | 'secondHalf', WelchValues>)[];
  readonly triggered: readonly ({
    readonly name: string;
    readonly control: Numbers;
    readonly treatment: Numbers;
    readonly untriggered: readonly [number, number];
    readonly triggeredRatio: number;
  } & Record<'amongTriggered' | 'overall', Effect>)[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/reading.json'), 'utf8')) as Golden;

function close(own: number, theirs: number, what: string, tolerance = golden.rtol): void {
  assert.ok(Math.abs(own - theirs) <= tolerance * Math.max(1e-6, Math.abs(theirs)), `${what}: ${own} is not ${theirs}`);
}

function jointOf(units: readonly Numbers[]): JointMoments {
  const days = units[0]?.map((_, day) => day) ?? [];
  const sum = (of: (unit: Numbers) => number): number => units.reduce((total, unit) => total + of(unit), 0);
  return jointMomentsFromSums({
    count: units.length,
    centres: days.map(() => 0),
    sums: days.map((i) => sum((unit) => unit[i] ?? NaN)),
    products: days.map((i) => days.map((j) => sum((unit) => (unit[i] ?? NaN) * (unit[j] ?? NaN)))),
  });
}

const moments = fc.record({
  count: fc.integer({ min: 2, max: 10_000 }),
  mean: fc.double({ min: -100, max: 100, noNaN: true }),
  variance: fc.double({ min: 0.01, max: 100, noNaN: true }),
});

describe('interaction', () => {
  for (const { name, cells, estimate, standardError } of golden.interactions)
    it(`is the coefficient of a saturated regression with HC2: ${name}`, () => {
      const of = (cell: string): Moments => momentsOf(cells[cell] ?? []);
      const own = interaction({
        withoutOther: { control: of('withoutOther.control'), treatment: of('withoutOther.treatment') },
        withOther: { control: of('withOther.control'), treatment: of('withOther.treatment') },
      });
      close(own.effect.estimate, estimate, 'estimate');
      close(own.effect.standardError, standardError, 'standard error');
    });

  it('is the same whichever of the two experiments is read', () => {
    fc.assert(
      fc.property(moments, moments, moments, moments, (a, b, c, d) => {
        const one = interaction({
          withoutOther: { control: a, treatment: b },
          withOther: { control: c, treatment: d },
        });
        const two = interaction({
          withoutOther: { control: a, treatment: c },
          withOther: { control: b, treatment: d },
        });
        assert.ok(Math.abs(one.effect.estimate - two.effect.estimate) < 1e-9);
        close(two.effect.standardError, one.effect.standardError, 'standard error', 1e-12);
        close(two.degreesOfFreedom, one.degreesOfFreedom, 'degrees of freedom', 1e-12);
      }),
    );
  });

  it('refuses a cell of one unit by its name', () => {
    const cell: Moments = { count: 10, mean: 1, variance: 1 };
    const lonely: Moments = { count: 1, mean: 1, variance: 0 };
    const cells = { withoutOther: { control: cell, treatment: cell }, withOther: { control: lonely, treatment: cell } };
    assert.throws(() => interaction(cells), { name: 'RangeError', message: /control with the other experiment/ });
  });
});

describe('trend of the effect over days', () => {
  for (const { name, control, treatment, armByDayCoefficient, ...contrasts } of golden.trends)
    it(`is SciPy's Welch test of the units' slopes: ${name}`, () => {
      const own = effectTrend(jointOf(control), jointOf(treatment));
      for (const contrast of ['slope', 'firstHalf', 'secondHalf'] as const)
        for (const key of ['estimate', 'lower', 'upper', 'degreesOfFreedom', 'pValue'] as const)
          close(own[contrast][key], contrasts[contrast][key], `${contrast} ${key}`);
      close(own.slope.estimate, armByDayCoefficient, 'coefficient of arm × day');
    });

  it('finds a trend where there is none in 5 % of experiments, though days of a unit depend on each other', () => {
    const random = seededRandom(11);
    const arm = (): JointMoments =>
      jointOf(
        Array.from({ length: 60 }, () => {
          const own = 3 * random.normal();
          return Array.from({ length: 6 }, () => own + random.normal());
        }),
      );
    let found = 0;
    for (let i = 0; i < 2000; i += 1) if (effectTrend(arm(), arm()).slope.pValue < 0.05) found += 1;
    // 5 % ± 3 Monte-Carlo errors.
    assert.ok(found > 56 && found < 144, `${found} of 2000`);
  });

  it('refuses two days', () => {
    const arm = jointOf([
      [1, 2],
      [2, 5],
    ]);
    assert.throws(() => effectTrend(arm, arm), { name: 'RangeError', message: /at least 3 days/ });
  });
});

describe('triggered effect', () => {
  for (const { name, control, treatment, untriggered, ...expected } of golden.triggered)
    it(`is diluted as the delta method has it: ${name}`, () => {
      const own = triggeredEffect(
        { triggered: momentsOf(control), untriggeredCount: untriggered[0] },
        { triggered: momentsOf(treatment), untriggeredCount: untriggered[1] },
      );
      close(own.triggeredRatio, expected.triggeredRatio, 'share');
      for (const which of ['amongTriggered', 'overall'] as const)
        for (const key of ['estimate', 'standardError'] as const)
          // statsmodels differentiates numerically.
          close(own[which][key], expected[which][key], `${which} ${key}`, 1e-6);
    });

  it('covers the overall effect in 95 % of experiments, with a smaller error than all assigned units have', () => {
    const random = seededRandom(12);
    const [share, effect, runs] = [0.3, 2, 2000];
    let covered = 0;
    let isSmaller = 0;
    for (let run = 0; run < runs; run += 1) {
      const arms = [0, effect].map((lift) => {
        const all = Array.from({ length: 200 }, () => {
          const isTriggered = random.uniform() < share;
          return { isTriggered, value: 4 + 3 * random.normal() + (isTriggered ? lift : 0) };
        });
        const triggered = all.filter(({ isTriggered }) => isTriggered).map(({ value }) => value);
        return {
          arm: { triggered: momentsOf(triggered), untriggeredCount: all.length - triggered.length },
          all: momentsOf(all.map(({ value }) => value)),
        };
      });
      const [control, treatment] = arms;
      assert.ok(control !== undefined && treatment !== undefined);
      const { overall } = triggeredEffect(control.arm, treatment.arm);
      if (Math.abs(overall.estimate - share * effect) < 1.96 * overall.standardError) covered += 1;
      if (overall.standardError ** 2 < (control.all.variance + treatment.all.variance) / 200) isSmaller += 1;
    }
    assert.ok(covered > 0.935 * runs && covered < 0.965 * runs, `covered ${covered} of ${runs}`);
    assert.equal(isSmaller, runs);
  });
});

describe('jumps in volume', () => {
  const week = [1000, 1050, 990, 1010, 980, 300, 280];

  it('are days far from both what was before and what came after', () => {
    const counts = [1000, 1040, 980, 1010, 5200, 1020, 990, 1005, 40, 1000, 1010];
    assert.deepEqual(
      volumeJumps(counts).map(({ day, direction }) => [day, direction]),
      [
        [4, 'up'],
        [8, 'down'],
      ],
    );
  });

  it('are not the steps of a ramp, a population that is used up, a week or a handful of units', () => {
    assert.deepEqual(volumeJumps([100, 105, 98, 1000, 1010, 990, 5000, 5100, 4950]), []);
    assert.deepEqual(volumeJumps([9000, 4000, 2000, 1000, 500, 250, 120, 60, 30]), []);
    assert.deepEqual(volumeJumps([...week, ...week, ...week]), []);
    assert.deepEqual(volumeJumps([1, 2, 1, 7, 1, 2, 1]), []);
  });
});
