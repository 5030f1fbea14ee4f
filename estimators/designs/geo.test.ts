import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../seeded-random.ts';
import { geoPower, readGeo, type GeoRegion } from './geo.ts';
import { matchRegions } from './matched-regions.ts';
import { compareWindowLengths } from './switchback-designer.ts';

const HOUR_MS = 3_600_000;

/** Regions two by two with the same season, of different sizes. */
function series(pairs: number, periods: number, noise: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: pairs }, (_, pair) => {
    const season = Array.from({ length: periods }, () => 1 + 0.2 * random.normal());
    return ['a', 'b'].map((name, i) => ({
      region: `${pair}${name}`,
      values: season.map((level) => (50 + 40 * i) * (level + noise * random.normal())),
    }));
  });
}

test('regions that move alike become pairs, whatever their order and size; the odd one is left over', () => {
  const twins = series(6, 30, 0.02, 3);
  const loner = { region: 'loner', values: Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 1 : 100)) };
  const shuffled = [...twins.map(([first]) => first), loner, ...twins.map(([, second]) => second).reverse()];
  const { pairs, leftOver } = matchRegions(shuffled.filter((region) => region !== undefined));
  assert.deepEqual(leftOver, ['loner']);
  for (const { first, second, correlation } of pairs) {
    assert.equal(first.slice(0, -1), second.slice(0, -1));
    assert.ok(correlation > 0.9, String(correlation));
  }
  assert.throws(() => matchRegions([loner]), /at least 2 regions/);
  assert.throws(() => matchRegions([loner, { region: 'x', values: [1, 2] }]), /"x" has 2 periods/);
});

function experiment(effect: number, seed: number): GeoRegion[] {
  const random = seededRandom(seed + 1_000);
  return series(8, 20, 0.05, seed).flatMap((regions, pair) => {
    const treated = random.bernoulli(0.5);
    return regions.map(({ region, values }, i) => ({
      region,
      pair,
      isTreated: i === treated,
      before: values.slice(0, 10),
      during: values.slice(10).map((value) => value + (i === treated ? effect : 0)),
    }));
  });
}

test('a geo experiment: Student and randomization agree, and the effect is inside both intervals', () => {
  const { effect, randomization } = readGeo(experiment(12, 4), { seed: 1 });
  assert.ok(effect.lower < 12 && effect.upper > 12, `${effect.lower} to ${effect.upper}`);
  assert.ok(randomization.lower < 12 && randomization.upper > 12, `${randomization.lower} to ${randomization.upper}`);
  assert.ok(randomization.pValue < 0.02 && effect.pValue < 0.02);
  assert.ok(Math.abs((randomization.upper - randomization.lower) / (effect.upper - effect.lower) - 1) < 0.35);
});

test('a geo experiment without an effect: false alarms are near 5 %, by Student and by redrawing', () => {
  let [student, redrawn] = [0, 0];
  const experiments = 400;
  for (let seed = 0; seed < experiments; seed += 1) {
    const { effect, randomization } = readGeo(experiment(0, seed), { seed, draws: 199 });
    if (effect.pValue < 0.05) student += 1;
    if (randomization.pValue < 0.05) redrawn += 1;
  }
  // Three standard errors of 400 experiments: 3.3 points.
  assert.ok(student / experiments < 0.083 && student > 4, `${student}`);
  assert.ok(redrawn / experiments < 0.083 && redrawn > 4, `${redrawn}`);
});

test('power by placebo: alpha without a lift, more with a larger one', () => {
  const pairs = series(8, 80, 0.05, 9).flatMap(([first, second]) =>
    first === undefined || second === undefined ? [] : [{ first: first.values, second: second.values }],
  );
  const at = (liftRatio: number): number =>
    geoPower({ pairs, beforePeriods: 10, duringPeriods: 10, liftRatio, seed: 2, placebos: 600 }).power;
  const [none, small, large] = [at(0), at(0.05), at(0.2)];
  assert.ok(none < 0.1, String(none));
  assert.ok(none < small && small < large && large > 0.95, `${none}, ${small}, ${large}`);
});

const history = ['a', 'b', 'c'].map((region, index) => {
  const random = seededRandom(index);
  let error = 0;
  const values = Array.from({ length: 24 * 28 }, () => (error = 0.5 * error + random.normal()) + 10);
  return { region, values };
});

test('the designer: without carry-over the shortest window is best; with much of it the longest is', () => {
  const input = { history, slotMs: HOUR_MS, windowMs: [1, 4, 12, 48].map((hours) => hours * HOUR_MS), seed: 1 };
  const [clean] = compareWindowLengths({ ...input, effect: 2, halfLifeMs: 0 });
  assert.equal(clean?.windowMs, HOUR_MS);
  const carried = compareWindowLengths({ ...input, effect: 2, halfLifeMs: 2 * HOUR_MS });
  assert.deepEqual(
    carried.map(({ windowMs }) => windowMs / HOUR_MS),
    [48, 12, 4, 1],
  );
  const shortest = carried.find(({ windowMs }) => windowMs === HOUR_MS);
  // A window of one slot: the level of the treatment moves by 1 − 2^(−1/2) of its way.
  assert.ok(shortest !== undefined && Math.abs(shortest.bias + 2 * Math.SQRT1_2) < 0.05, String(shortest?.bias));
  const burnt = compareWindowLengths({
    ...input,
    windowMs: [12 * HOUR_MS],
    effect: 2,
    halfLifeMs: 2 * HOUR_MS,
    burnInMs: 6 * HOUR_MS,
  });
  const plain = carried.find(({ windowMs }) => windowMs === 12 * HOUR_MS);
  assert.ok(Math.abs(burnt[0]?.bias ?? 9) < 0.3 * Math.abs(plain?.bias ?? 0), 'a burn-in removes most of the bias');
});

test('the designer refuses lengths that cannot be', () => {
  const input = { history, slotMs: HOUR_MS, effect: 1, halfLifeMs: 0, seed: 1 };
  assert.throws(() => compareWindowLengths({ ...input, windowMs: [1.5 * HOUR_MS] }), /no multiple of the slot/);
  assert.throws(() => compareWindowLengths({ ...input, windowMs: [999 * HOUR_MS] }), /less than two windows/);
  assert.throws(() => compareWindowLengths({ ...input, windowMs: [HOUR_MS], burnInMs: 1 }), /leaves nothing/);
});
