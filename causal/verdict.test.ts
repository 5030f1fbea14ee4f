import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Benchmark } from '../estimators/observational/sensitivity/robustness-value.ts';
import { NO_SIZE, type CheckReading } from './checks/reading.ts';
import { verdictOf, type Evidence } from './verdict.ts';

const EFFECT = { estimate: -5, standardError: 1, lower: -7, upper: -3, pValue: 1e-6 };

const SOUND: Evidence = {
  effect: EFFECT,
  estimate: {
    method: 'ipw',
    estimand: 'ATT',
    estimate: -5,
    standardError: 1,
    treatedCount: 1000,
    leftOutTreatedCount: 0,
    controlCount: 3000,
    effectiveControlCount: 900,
    largestShare: 0.01,
    weights: null,
    plain: null,
  },
  outcomeSpread: 20,
  largestDifference: 0.02,
  worstCovariate: 'age',
  keptTreatedRatio: 1,
  checks: [{ ...NO_SIZE, check: 'subsets', outcome: 'passed', sentence: 'Nothing moves it.' }],
  sensitivity: { eValue: null, criticalGamma: 1.4, robustness: null },
  methods: [],
};

function statusOf(change: Partial<Evidence>): string {
  const { status, reasons } = verdictOf({ ...SOUND, ...change });
  assert.ok(reasons.length > 0 && reasons.every((reason) => !/NaN|undefined|Infinity/.test(reason)), reasons.join());
  return status;
}

function placebo(reading: Partial<CheckReading>): Partial<Evidence> {
  const base: CheckReading = {
    check: 'negative control',
    outcome: 'failed',
    sentence: 'Logins show an effect.',
    standardizedSize: 0.3,
    largestSize: 0.4,
    isAdjustedFor: false,
  };
  return { checks: [{ ...base, ...reading }] };
}

test('what nothing speaks against is credible', () => {
  assert.equal(statusOf({}), 'credible');
  assert.equal(statusOf({ largestDifference: null, worstCovariate: null }), 'credible');
});

test('balance, effective numbers and who is left out: doubted, then refused', () => {
  const { estimate } = SOUND;
  assert.deepEqual(
    [0.1, 0.11, 0.25, 0.26].map((largestDifference) => statusOf({ largestDifference })),
    ['credible', 'fragile', 'fragile', 'refused'],
  );
  assert.deepEqual(
    [50, 49, 20, 19].map((effectiveControlCount) => statusOf({ estimate: { ...estimate, effectiveControlCount } })),
    ['credible', 'fragile', 'fragile', 'refused'],
  );
  assert.deepEqual(
    [0.9, 0.89, 0.5, 0.49].map((keptTreatedRatio) => statusOf({ keptTreatedRatio })),
    ['credible', 'fragile', 'fragile', 'refused'],
  );
  assert.equal(statusOf({ estimate: { ...estimate, largestShare: 0.2 } }), 'fragile');
});

test('what cannot be an effect: refused where it is large beside the effect, fragile where it is not', () => {
  assert.equal(statusOf(placebo({})), 'refused');
  assert.equal(statusOf(placebo({ standardizedSize: -0.13 })), 'refused');
  assert.equal(statusOf(placebo({ standardizedSize: 0.1 })), 'fragile');
  assert.equal(statusOf(placebo({ isAdjustedFor: true })), 'fragile');
  assert.equal(statusOf(placebo({ check: 'placebo treatment' })), 'fragile');
});

test('an undecided placebo outcome is a doubt only where it may hide half of the effect', () => {
  assert.equal(statusOf(placebo({ outcome: 'undecided', largestSize: 0.13 })), 'fragile');
  assert.equal(statusOf(placebo({ outcome: 'undecided', largestSize: 0.12 })), 'credible');
  const before = { check: 'pre-treatment outcome', outcome: 'undecided' } as const;
  assert.equal(statusOf(placebo(before)), 'fragile');
  assert.equal(statusOf(placebo({ ...before, isAdjustedFor: true })), 'credible');
});

test('a hidden confounder within reach makes it fragile, and how strong it must be is said', () => {
  const benchmark: Benchmark = { covariate: 'prior', likeIt: null, overturningMultiple: 0.6, isOverturned: true };
  const robustness = {
    ...EFFECT,
    degreesOfFreedom: 900,
    partialRSquared: 0.02,
    value: 0.1,
    valueForSignificance: 0.05,
  };
  const sensitivity = { ...SOUND.sensitivity, robustness: { ...robustness, benchmarks: [benchmark] } };
  const { status, reasons } = verdictOf({ ...SOUND, sensitivity });
  assert.equal(status, 'fragile');
  assert.match(reasons.join(), /0\.60 times as strong as prior/);
  const beyond = [{ ...benchmark, overturningMultiple: 3, isOverturned: false }];
  assert.equal(
    statusOf({ sensitivity: { ...sensitivity, robustness: { ...robustness, benchmarks: beyond } } }),
    'credible',
  );
  assert.equal(statusOf({ sensitivity: { ...SOUND.sensitivity, criticalGamma: 1.05 } }), 'fragile');
});

test('an interval that holds no effect, and methods that disagree', () => {
  assert.equal(statusOf({ effect: { ...EFFECT, upper: 1 } }), 'fragile');
});
