import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import { seededRandom, type SeededRandom } from '../seeded-random.ts';
import { blockBootstrap } from './block-bootstrap.ts';
import { intraclusterCorrelation, readClusters, type ClusterSums } from './cluster.ts';
import { randomizationInterval, randomizationTest } from './randomization-test.ts';
import { carryOver, readSwitchback } from './switchback.ts';
import type { WindowObservation } from './window.ts';

type Peer = Readonly<Record<'estimate' | 'standardError', number> & { degreesOfFreedom?: number }>;

interface Golden {
  readonly rtol: number;
  readonly switchbacks: readonly {
    readonly per: 'window' | 'unit';
    readonly maximumLag: number;
    readonly rows: readonly WindowObservation[];
    readonly plain: Peer;
    readonly previous: Peer;
    readonly fixed?: Peer;
  }[];
  readonly clusters: readonly {
    readonly clusters: readonly ClusterSums[];
    readonly cr1: Peer;
    readonly cr2: Peer;
    readonly correlation: number;
  }[];
}

const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/designs.json'), 'utf8')) as Golden;

function assertSame(actual: Peer, expected: Peer, what: string): void {
  for (const field of ['estimate', 'standardError', 'degreesOfFreedom'] as const) {
    const [found, peer] = [actual[field], expected[field]];
    if (peer === undefined) continue;
    const isNear = found !== undefined && Math.abs(found - peer) <= golden.rtol * Math.abs(peer);
    assert.ok(isNear, `${what}, ${field}: ${found}, the peer says ${peer}`);
  }
}

test('switchbacks agree with statsmodels: plain, with fixed effects, and the previous arm', () => {
  for (const [i, { rows, per, maximumLag, plain, previous, fixed }] of golden.switchbacks.entries()) {
    const options = { per, maximumLag };
    assertSame(readSwitchback(rows, options).effect, plain, `case ${i}`);
    assertSame(carryOver(rows, options).previous, previous, `case ${i}, previous arm`);
    if (fixed === undefined) continue;
    assertSame(
      readSwitchback(rows, { ...options, fixedEffects: 'region-and-time' }).effect,
      fixed,
      `case ${i}, fixed effects`,
    );
  }
});

test('clusters agree with statsmodels (CR1), and with the matrices of Bell and McCaffrey (CR2)', () => {
  for (const [i, { clusters, cr1, cr2, correlation }] of golden.clusters.entries()) {
    assertSame(readClusters(clusters, { correction: 'CR1' }).effect, cr1, `case ${i}, CR1`);
    assertSame(readClusters(clusters).effect, cr2, `case ${i}, CR2`);
    const found = intraclusterCorrelation(clusters).correlation;
    assert.ok(Math.abs(found - correlation) <= 1e-9, `case ${i}: correlation ${found}, not ${correlation}`);
  }
});

const rowsOf = fc
  .array(fc.tuple(fc.boolean(), fc.double({ min: -100, max: 100, noNaN: true })), { minLength: 12, maxLength: 60 })
  .map((cells) => [[true, 1], [false, 2], [true, 3.5], [false, 1.5], ...cells] as const)
  .map((cells) =>
    cells.map(([isTreated, total], i) => ({
      region: `r${i % 2}`,
      windowStartMs: Math.floor(i / 2) * 60_000,
      isTreated,
      total,
    })),
  );

test('swapping the arms turns the effect round; a shift changes nothing; a factor scales', () => {
  fc.assert(
    fc.property(rowsOf, (rows) => {
      const { effect } = readSwitchback(rows);
      const swapped = readSwitchback(rows.map((row) => ({ ...row, isTreated: !row.isTreated }))).effect;
      const moved = readSwitchback(rows.map((row) => ({ ...row, total: 3 * row.total + 7 }))).effect;
      const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-7 * (1 + Math.abs(b));
      assert.ok(near(swapped.estimate, -effect.estimate) && near(swapped.standardError, effect.standardError));
      assert.ok(near(moved.estimate, 3 * effect.estimate) && near(moved.standardError, 3 * effect.standardError));
    }),
    { numRuns: 100, seed: 5 },
  );
});

test('with clusters of one unit each, CR2 is the Welch test', () => {
  const values = [3, 5, 4, 8, 9, 12, 7];
  const clusters = values.map((total, i) => ({ cluster: String(i), isTreated: i > 2, count: 1, total }));
  const { effect } = readClusters(clusters);
  assert.ok(Math.abs(effect.estimate - 5) < 1e-12);
  assert.ok(Math.abs(effect.standardError ** 2 - (1 / 3 + 14 / 3 / 4)) < 1e-12);
});

test('the block bootstrap agrees with the formula for independent windows, and repeats itself by its seed', () => {
  const rows = golden.switchbacks.at(-1)?.rows ?? [];
  const first = blockBootstrap(rows, { blockWindows: 1, seed: 3, replicates: 4_000 });
  const { effect } = readSwitchback(rows, { maximumLag: 0 });
  assert.ok(Math.abs(first.standardError / effect.standardError - 1) < 0.1);
  assert.deepEqual(blockBootstrap(rows, { blockWindows: 1, seed: 3, replicates: 4_000 }), first);
});

test('the randomization test counts every arrangement evenly: with 3 of 6 the smallest p-value is near 2 in 20', () => {
  const values = [1, 2, 3, 10, 11, 12];
  const isTreated = [false, false, false, true, true, true];
  const mechanism = { mechanism: 'complete' } as const;
  const { pValue } = randomizationTest({ values, isTreated, mechanism, seed: 1, draws: 20_000 });
  assert.ok(Math.abs(pValue - 0.1) < 0.01, String(pValue));
  const { lower, upper } = randomizationInterval({ values, isTreated, mechanism, seed: 1 }, 0.2);
  assert.ok(lower > 5 && lower < 9 && upper > 9 && upper < 13, `${lower} to ${upper}`);
});

test('what cannot be read is refused by name', () => {
  const row = { region: 'a', windowStartMs: 0, isTreated: true, total: 1 };
  const flat = [0, 1, 2, 3].map((i) => ({ ...row, windowStartMs: i * 1000, isTreated: i % 2 === 0 }));
  assert.throws(() => readSwitchback([row]), /two different times/);
  assert.throws(() => readSwitchback([...flat, row]), /has the window of 1970-01-01T00:00:00.000Z twice/);
  assert.throws(() => readSwitchback(flat), /without variation nothing can be inferred/);
  assert.throws(
    () => readSwitchback(flat.filter(({ isTreated }) => isTreated)),
    /at least 2 windows in control, got 0/,
  );
  assert.throws(() => readSwitchback(flat, { windowMs: 700 }), /off the grid of 700 ms/);
  const cluster = { cluster: 'c', isTreated: true, count: 4, total: 2 };
  assert.throws(() => readClusters([cluster, cluster]), /"c" is there twice/);
  assert.throws(() => readClusters([cluster]), /at least 2 clusters in control, got 0/);
});

/** Share of experiments without an effect whose p-value is below 0.05. */
function falseAlarms(experiments: number, pValue: () => number): number {
  let alarms = 0;
  for (let i = 0; i < experiments; i += 1) if (pValue() < 0.05) alarms += 1;
  return alarms / experiments;
}

/** Without an effect; the error of a window carries on into the next. */
function quietWindows(random: SeededRandom, regions: number, windows: number, persistence: number) {
  return Array.from({ length: regions * windows }, (_, i) => i).reduce<WindowObservation[]>((rows, i) => {
    const before = i % windows === 0 ? 0 : (rows[i - 1]?.total ?? 0);
    const total = persistence * before + random.normal();
    const region = `r${Math.floor(i / windows)}`;
    rows.push({ region, windowStartMs: (i % windows) * 1_000, isTreated: random.bernoulli(0.5) === 1, total });
    return rows;
  }, []);
}

// 2,000 experiments: three standard errors of a rate of 5 % are 1.46 points.
const WITHIN = 0.0146;

for (const [regions, windows, persistence, fixedEffects] of [
  [1, 48, 0.6, 'none'],
  [1, 150, 0.8, 'none'],
  [3, 40, 0.6, 'region'],
  [4, 40, 0.6, 'region-and-time'],
] as const) {
  test(`${regions} × ${windows} windows with a memory of ${persistence}: false alarms are 5 %`, () => {
    const random = seededRandom(7);
    const rate = falseAlarms(2_000, () => {
      const rows = quietWindows(random, regions, windows, persistence);
      return readSwitchback(rows, { fixedEffects }).effect.pValue;
    });
    assert.ok(Math.abs(rate - 0.05) < WITHIN, String(rate));
  });
}

for (const [clusterCount, spread] of [
  [6, 1],
  [10, 1],
  [20, 3],
] as const) {
  test(`${clusterCount} clusters of unequal size: false alarms are at most 5 %`, () => {
    const random = seededRandom(9);
    const rate = falseAlarms(2_000, () => {
      const clusters = Array.from({ length: clusterCount }, (_, i) => {
        const count = 10 + Math.floor(10 * spread * random.uniform());
        const own = random.normal();
        const units = Array.from({ length: count }, () => own + random.normal());
        const total = units.reduce((sum, value) => sum + value, 0);
        return { cluster: String(i), isTreated: i % 2 === 0, count, total };
      });
      return readClusters(clusters).effect.pValue;
    });
    assert.ok(rate < 0.05 + WITHIN && rate > 0.01, String(rate));
  });
}

test('the randomization test has the level that it names, for windows with a memory', () => {
  const random = seededRandom(11);
  const rate = falseAlarms(1_000, () => {
    const rows = quietWindows(random, 1, 20, 0.8);
    const isTreated = rows.map((row) => row.isTreated);
    if (new Set(isTreated).size < 2) return 1;
    const mechanism = { mechanism: 'independent', treatedRatio: 0.5 } as const;
    const seed = Math.floor(1e6 * random.uniform());
    return randomizationTest({ values: rows.map(({ total }) => total), isTreated, mechanism, seed, draws: 199 }).pValue;
  });
  assert.ok(rate < 0.05 + 0.021, String(rate));
});
