import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildScorecard } from './build.ts';
import type { Gate, Scorecard } from './scorecard.ts';
import { experimentDefinition, metricDefinition, proportion, scorecardInput, type Observed } from './testing/inputs.ts';

const GOOD: Observed = { units: [20_000, 20_100], deposited: [0.4, 0.46], failed: [0.3, 0.25] };
const EVEN: Observed = { units: [5_000, 5_000], deposited: [0.4, 0.405], failed: [0.3, 0.3] };

const build = (observed: Observed): Scorecard => buildScorecard(scorecardInput(observed));
const statusOf = ({ gates }: Scorecard, gate: Gate['gate']): Gate['status'] | undefined =>
  gates.find((candidate) => candidate.gate === gate)?.status;

test('a clear win with guardrails passed and the minimum runtime over ships', () => {
  const card = build(GOOD);
  assert.equal(card.verdict, 'ship');
  assert.equal(card.winningVariant, 'retry');
  assert.match(
    card.summary,
    /^Ship retry: deposited, retry: \+15\.0 % \(\+\d+\.\d+ % to \+\d+\.\d+ %\), and every guardrail passed\.$/,
  );
  for (const gate of ['split', 'guardrail', 'primary', 'minimum-runtime', 'maximum-runtime'] as const)
    assert.equal(statusOf(card, gate), 'passed');
});

test('before the minimum runtime nothing ships', () => {
  const card = build({ ...GOOD, days: 6.99 });
  assert.equal(card.verdict, 'keep-running');
  assert.equal(card.winningVariant, null);
  assert.match(card.summary, /the minimum runtime of 7d is not over/);
});

test('a breached guardrail is not shipped, whatever the primary says, and from the first day on', () => {
  const card = build({ ...GOOD, failed: [0.25, 0.32], days: 0.1 });
  assert.equal(card.verdict, 'do-not-ship');
  assert.match(card.summary, /^A guardrail is breached: failed, retry: \+28\.0 % .* is beyond a harm of 5\.00 %/);
});

test('a guardrail that is not certain yet holds a win back', () => {
  const card = build({ ...GOOD, units: [3_000, 3_000], deposited: [0.4, 0.5], failed: [0.03, 0.03] });
  assert.equal(statusOf(card, 'primary'), 'passed');
  assert.equal(statusOf(card, 'guardrail'), 'inconclusive');
  assert.equal(card.verdict, 'keep-running');
});

test('a primary that got worse is not shipped', () => {
  const card = build({ ...GOOD, deposited: [0.46, 0.4] });
  assert.equal(card.verdict, 'do-not-ship');
  assert.match(card.summary, /^The primary metric got worse: deposited, retry: −13\.0 %/);
});

test('a metric that should fall wins by falling', () => {
  const metrics = { primary: 'failed', secondary: [], guardrails: [] };
  const card = build({ ...GOOD, definition: { metrics } });
  assert.equal(card.verdict, 'ship');
  assert.equal(build({ ...GOOD, failed: [0.25, 0.3], definition: { metrics } }).verdict, 'do-not-ship');
});

test('no difference keeps running, and ends without an answer at the maximum runtime', () => {
  assert.equal(build(EVEN).verdict, 'keep-running');
  const card = build({ ...EVEN, days: 28 });
  assert.equal(card.verdict, 'inconclusive');
  assert.match(card.summary, /^The maximum runtime is over without an answer: /);
  assert.equal(statusOf(card, 'maximum-runtime'), 'failed');
});

test('the runtime of an experiment whose analysis has closed stands still', () => {
  const closed = { analysisClosedAtMs: Date.UTC(2026, 3, 9) };
  assert.equal(build({ ...EVEN, days: 100, record: closed }).verdict, 'keep-running');
  assert.equal(statusOf(build({ ...EVEN, days: 100, record: closed }), 'maximum-runtime'), 'passed');
});

test('a broken split shows no effect at all, and names the segments that point at it, worst first', () => {
  const input = scorecardInput({ ...GOOD, units: [20_000, 17_000] });
  const segments = [
    { attribute: 'device', value: 'ios', variant: 'control', units: 9_000 },
    { attribute: 'device', value: 'ios', variant: 'retry', units: 9_050 },
    { attribute: 'device', value: 'android', variant: 'control', units: 11_000 },
    { attribute: 'device', value: 'android', variant: 'retry', units: 7_950 },
    { attribute: 'region', value: 'KA', variant: 'control', units: 4_000 },
    { attribute: 'region', value: 'KA', variant: 'retry', units: 3_400 },
  ];
  const card = buildScorecard({ ...input, segments });
  assert.equal(card.verdict, 'invalid');
  assert.deepEqual(card.readouts, []);
  assert.equal(card.winningVariant, null);
  assert.deepEqual(
    card.gates.map(({ gate, status }) => [gate, status]),
    [['split', 'failed']],
  );
  const { suspectSegments = [] } = card.split ?? {};
  assert.deepEqual(
    suspectSegments.map(({ attribute, value }) => `${attribute}=${value}`),
    ['device=android', 'region=KA'],
  );
  assert.match(
    card.summary,
    /^No effect is shown: the split is not as defined: .*most wrong where device is android\.$/,
  );
  assert.doesNotMatch(JSON.stringify(card), /15\.0 %/);
});

test('the split is also watched by a test that holds its level however often, also where an arm is too small for chi-square', () => {
  const { gates, split } = build(GOOD);
  assert.equal(split?.watched?.threshold, 0.001);
  assert.match(
    gates.find(({ gate }) => gate === 'split')?.reason ?? '',
    /p = 0\.618, p = 1\.000 when watched all the time/,
  );
  const variants = [
    { key: 'control', value: false, weightBasisPoints: 9_990 },
    { key: 'retry', value: true, weightBasisPoints: 10 },
  ];
  const small = build({ ...GOOD, units: [3_000, 40], definition: { variants } });
  assert.equal(small.verdict, 'invalid');
  assert.match(
    small.summary,
    /the split is not as defined: .*retry 40 of 3 expected; p = 1\.000, p = \d+e-\d+ when watched/,
  );
  const right = build({ ...GOOD, units: [3_000, 4], definition: { variants } });
  assert.equal(statusOf(right, 'split'), 'waiting');
});

test('an arm that is missing altogether is a broken split', () => {
  assert.equal(build({ ...GOOD, units: [20_000, 0] }).verdict, 'invalid');
});

test('exposures with a variant that is not defined are no data to trust', () => {
  const input = scorecardInput(GOOD);
  const card = buildScorecard({ ...input, split: [...input.split, { variant: 'ghost', units: 3 }] });
  assert.equal(card.verdict, 'invalid');
  assert.deepEqual(card.readouts, []);
  assert.match(card.summary, /exposures name variants that the experiment does not have: ghost \(3 units\)/);
});

test('without units there is no number, and everything waits', () => {
  const card = build({ ...GOOD, units: [0, 0] });
  assert.equal(card.verdict, 'keep-running');
  assert.deepEqual(card.readouts, []);
  assert.equal(statusOf(card, 'split'), 'waiting');
  assert.equal(statusOf(card, 'primary'), 'waiting');
  assert.equal(statusOf(card, 'guardrail'), 'waiting');
});

test('units that have not matured are counted by metric', () => {
  const input = scorecardInput(EVEN);
  const statistics = input.statistics.filter(({ metricKey, variant }) => metricKey !== 'failed' || variant !== 'retry');
  const { leftOut } = buildScorecard({ ...input, statistics, leftOut: { crossedUnits: 3, notRandomExposures: 4 } });
  assert.deepEqual(leftOut, {
    crossedUnits: 3,
    notRandomExposures: 4,
    immatureUnits: { deposited: 0, failed: 5_000 },
  });
});

test('counts that cannot be are an error, never a scorecard', () => {
  const input = scorecardInput(EVEN);
  const more = input.statistics.map((row) => ({ ...row, count: row.count + 1 }));
  assert.throws(() => buildScorecard({ ...input, statistics: more }), /5001|10002 units matured/);
  const nan = input.statistics.map((row) => ({ ...row, sumY: NaN }));
  assert.throws(() => buildScorecard({ ...input, statistics: nan }), /sumY of control is NaN/);
  assert.throws(() => buildScorecard({ ...input, metrics: new Map() }), /definition of metric deposited is missing/);
});

test('several treatments share the error level, and the best of those that win is named', () => {
  const variants = ['control', 'a', 'b'].map((key) => ({
    key,
    value: key,
    weightBasisPoints: key === 'a' ? 3_334 : 3_333,
  }));
  const rates = { control: 0.4, a: 0.44, b: 0.5 };
  const input = scorecardInput(GOOD);
  const rows = Object.entries(rates);
  const card = buildScorecard({
    ...input,
    definition: experimentDefinition({ variants, metrics: { primary: 'deposited', secondary: [], guardrails: [] } }),
    metrics: new Map([['deposited', metricDefinition('deposited', 'increase')]]),
    split: rows.map(([variant]) => ({ variant, units: 20_000 })),
    statistics: rows.map(([variant, rate]) => proportion('deposited', variant, 20_000, rate)),
  });
  assert.equal(card.verdict, 'ship');
  assert.equal(card.winningVariant, 'b');
  assert.ok(card.readouts.every(({ method }) => method.endsWith('at 97.5 %')));
});

test('a pre-period covariate narrows the interval and says by how much', () => {
  const input = scorecardInput(EVEN);
  const metric = { ...metricDefinition('deposited', 'increase'), covariateMs: 1_000 };
  const statistics = input.statistics.map((row) =>
    row.metricKey === 'deposited' ? { ...row, sumX: row.sumY, sumXX: row.sumYY, sumXY: row.sumY * 0.9 } : row,
  );
  const [adjusted] = buildScorecard({
    ...input,
    metrics: new Map([...input.metrics, ['deposited', metric]]),
    statistics,
  }).readouts;
  const [plain] = buildScorecard(input).readouts;
  assert.ok(adjusted !== undefined && plain !== undefined);
  assert.ok((adjusted.varianceRemovedRatio ?? 0) > 0.5);
  assert.ok(adjusted.absolute.upper - adjusted.absolute.lower < plain.absolute.upper - plain.absolute.lower);
  assert.match(adjusted.method, /^CUPED, /);
  assert.equal(plain.varianceRemovedRatio, null);
});

const rate = fc.double({ min: 0, max: 1, noNaN: true });
const observed: fc.Arbitrary<Observed> = fc.record({
  units: fc.tuple(fc.nat({ max: 50_000 }), fc.nat({ max: 50_000 })),
  deposited: fc.tuple(rate, rate),
  failed: fc.tuple(rate, rate),
  days: fc.integer({ min: 0, max: 40 }),
});

test('whatever was counted: the rules of a verdict hold', () => {
  fc.assert(
    fc.property(observed, (counted) => {
      const card = build(counted);
      const failed = card.gates.filter(({ status }) => status === 'failed').map(({ gate }) => gate);
      assert.equal(card.verdict === 'invalid', failed.includes('split'));
      if (card.verdict === 'invalid') assert.deepEqual(card.readouts, []);
      assert.equal(card.winningVariant !== null, card.verdict === 'ship');
      if (card.verdict === 'ship') {
        assert.ok(card.gates.every(({ gate, status }) => status === 'passed' || gate === 'maximum-runtime'));
        assert.ok((card.readouts[0]?.absolute.lower ?? -1) > 0);
      }
      if (failed.includes('guardrail')) assert.equal(card.verdict, 'do-not-ship');
      assert.ok(card.summary.length > 0);
      for (const { absolute, relative, pValue } of card.readouts) {
        for (const { lower, estimate, upper } of [absolute, ...(relative === null ? [] : [relative])])
          assert.ok(lower <= estimate && estimate <= upper && Number.isFinite(upper - lower));
        assert.ok(pValue >= 0 && pValue <= 1);
      }
      assert.deepEqual(JSON.parse(JSON.stringify(card)), card, 'survives JSON: no NaN, no undefined');
    }),
    { numRuns: 2_000 },
  );
});
