import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../seeded-random.ts';
import { futilityDesign } from './futility-boundaries.ts';
import { readFutility, type FutilityInput } from './futility-reading.ts';
import { reachedPower } from './reached-power.ts';
import { readLook, type GroupSequential } from './stopping-rule.ts';

const RULE: GroupSequential = { rule: 'group-sequential', spending: 'obrien-fleming', looks: 4, look: 2 };
const INPUT: FutilityInput = {
  rule: RULE,
  futility: { spending: 'pocock', power: 0.9 },
  effect: { estimate: 1, standardError: 2 },
  alpha: 0.05,
  goodDirection: 'increase',
};

function close(actual: number | null | undefined, expected: number, tolerance: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
}

test('at planned looks the boundary is the design’s, mirrored where less is better', () => {
  const design = futilityDesign({
    alphaSpending: 'obrien-fleming',
    betaSpending: 'pocock',
    alpha: 0.025,
    beta: 0.1,
    informationFractions: [0.25, 0.5, 0.75, 1],
  });
  const up = readFutility(INPUT);
  close(up?.boundary, 2 * (design.lower[1] ?? NaN), 1e-9);
  close(up?.detectableEffect, 2 * design.drift * Math.SQRT1_2, 1e-9);
  assert.equal(up?.isFutile, 1 < (up?.boundary ?? NaN));
  const down = readFutility({ ...INPUT, goodDirection: 'decrease' });
  close(down?.boundary, -2 * (design.lower[1] ?? NaN), 1e-9);
  assert.equal(down?.isFutile, true);
});

test('by the calendar it is the same whatever unit the information has', () => {
  const at = (scale: number) =>
    readFutility({
      ...INPUT,
      rule: { ...RULE, informationFractions: [300 * scale, 800 * scale], spendingFractions: [0.25, 0.5] },
    });
  close(at(1)?.boundary, at(0.001)?.boundary ?? NaN, 1e-9);
});

test('nothing is given up at the last look, nor so early that nothing may be spent', () => {
  assert.equal(readFutility({ ...INPUT, rule: { ...RULE, look: 4 } }), null);
  assert.equal(readFutility({ ...INPUT, rule: { ...RULE, informationFractions: [0.5, 1.1] } }), null);
  const early = readFutility({
    ...INPUT,
    futility: { spending: 'obrien-fleming', power: 0.9 },
    effect: { estimate: -100, standardError: 2 },
    rule: { ...RULE, look: 1, informationFractions: [0.0008] },
  });
  assert.deepEqual([early?.isFutile, early?.boundary], [false, null]);
  assert.throws(() => readFutility({ ...INPUT, futility: { spending: 'pocock', power: 0.02 } }), /together below 1/);
});

test('who obeys loses no more than the power that was asked for, at looks that come as they come', () => {
  const random = seededRandom(77);
  const [runs, at] = [600, [0.3, 0.45, 0.8, 1]];
  const drift =
    (readFutility({ ...INPUT, effect: { estimate: 0, standardError: 1 } })?.detectableEffect ?? 0) * Math.SQRT2;
  const readings = at.map((_, index) => {
    const rule = { ...RULE, look: index + 1, informationFractions: at.slice(0, index + 1) };
    const look = { effect: { estimate: 0, standardError: 1 }, count: 1_000, alpha: 0.05 };
    return {
      success: readLook(rule, look).criticalValue,
      futile: readFutility({ ...INPUT, rule, effect: look.effect })?.boundary ?? -Infinity,
    };
  });
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    let [score, before] = [0, 0];
    for (const [index, { success, futile }] of readings.entries()) {
      const information = at[index] ?? NaN;
      score += drift * (information - before) + Math.sqrt(information - before) * random.normal();
      before = information;
      const z = score / Math.sqrt(information);
      if (z >= success) found += 1;
      if (z >= success || z < futile) break;
    }
  }
  assert.ok(Math.abs(found / runs - 0.9) < 3 * Math.sqrt(0.09 / runs), `${found / runs}`);
});

test('reached power: of one look, of every look so far, and never of the effect that was seen', () => {
  const look = { standardError: 1, count: 1_000, alpha: 0.05 };
  close(reachedPower({ rule: 'fixed-horizon' }, look, 2.8015852181129), 0.8, 1e-6);
  close(reachedPower({ rule: 'fixed-horizon' }, look, -2.8015852181129), 0.8, 1e-6);
  close(reachedPower({ rule: 'fixed-horizon' }, look, 0), 0.05, 1e-12);
  const sequential = reachedPower({ ...RULE, look: 4 }, look, 2.8);
  assert.ok(sequential < 0.8 && sequential > 0.78, `${sequential}`);
  assert.ok(reachedPower({ rule: 'always-valid' }, look, 2.8) < sequential);
  assert.equal(reachedPower({ ...RULE, look: 4 }, look, 1e6), 1);
  assert.throws(
    () => reachedPower({ rule: 'fixed-horizon' }, { ...look, standardError: 0 }, 1),
    /standard error above 0/,
  );
});
