import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSwitchback } from '../designs/switchback.ts';
import { seededRandom } from '../seeded-random.ts';
import { planSwitchback, type SwitchbackPlanInput } from './switchback-plan.ts';

const HOUR_MS = 3_600_000;
const [REGIONS, SLOTS] = [4, 24 * 14];

function history(seed: number): SwitchbackPlanInput['history'] {
  const random = seededRandom(seed);
  return Array.from({ length: REGIONS }, (_, region) => ({
    region: `r${region}`,
    values: Array.from({ length: SLOTS }, () => 50 + 5 * region + 8 * random.normal()),
  }));
}

const INPUT: SwitchbackPlanInput = {
  history: history(5),
  slotMs: HOUR_MS,
  windowMs: [HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS],
  effect: 2,
  halfLifeMs: 0,
  replicates: 400,
  seed: 3,
  stopping: { rule: 'fixed-horizon' },
  alpha: 0.05,
  power: 0.8,
};

test('where nothing carries over, a plan is that of independent windows', () => {
  for (const { windowMs, bias, neededWindows, neededMs } of planSwitchback(INPUT)) {
    assert.equal(bias, 0);
    const slots = windowMs / HOUR_MS;
    // Windows of k slots have a variance of 8² / k.
    const expected = (4 * (1.96 + 0.8416) ** 2 * 64) / slots / 2 ** 2;
    assert.ok(Math.abs((neededWindows ?? 0) / expected - 1) < 0.2, `${neededWindows} is not ${expected}`);
    assert.equal(neededMs, Math.ceil((neededWindows ?? 0) / REGIONS) * windowMs);
  }
});

test('what carries over takes its part of the effect, less of it in long windows', () => {
  const plans = planSwitchback({ ...INPUT, halfLifeMs: HOUR_MS });
  const at = (hours: number) => plans.find(({ windowMs }) => windowMs === hours * HOUR_MS);
  assert.ok((at(1)?.bias ?? 0) < (at(2)?.bias ?? 0) && (at(2)?.bias ?? 0) < (at(4)?.bias ?? 0));
  assert.ok((at(4)?.bias ?? 0) < 0);
  assert.ok(
    (at(1)?.detectable ?? 0) > (planSwitchback(INPUT).find(({ windowMs }) => windowMs === HOUR_MS)?.detectable ?? 0),
  );
  assert.deepEqual(plans, planSwitchback({ ...INPUT, halfLifeMs: HOUR_MS }));
});

test('as many windows as a plan says find the effect as often as it says', () => {
  const [{ windowMs = 0, neededWindows = null } = {}] = planSwitchback({ ...INPUT, windowMs: [2 * HOUR_MS] });
  const windows = Math.ceil((neededWindows ?? 0) / REGIONS);
  const random = seededRandom(17);
  const runs = 500;
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const cells = Array.from({ length: REGIONS * windows }, (_, index) => {
      const isTreated = random.uniform() < 0.5;
      const region = index % REGIONS;
      const total = 50 + 5 * region + (8 / Math.SQRT2) * random.normal() + (isTreated ? 2 : 0);
      return { region: `r${region}`, windowStartMs: Math.floor(index / REGIONS) * windowMs, isTreated, total };
    });
    if (readSwitchback(cells, { windowMs, fixedEffects: 'region' }).effect.pValue <= 0.05) found += 1;
  }
  assert.ok(found / runs > 0.72 && found / runs < 0.88, `${found / runs}`);
});

test('a plan that cannot be is refused', () => {
  assert.throws(() => planSwitchback({ ...INPUT, effect: 0 }), /the effect must not be 0/);
  assert.throws(() => planSwitchback({ ...INPUT, windowMs: [1.5 * HOUR_MS] }), /no multiple of the slot/);
  assert.throws(() => planSwitchback({ ...INPUT, power: 0.01 }), /power must lie between/);
});
