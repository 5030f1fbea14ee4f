import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proportionSequence } from '../estimators/stopping/proportion-sequence.ts';
import { buildScorecard, type ScorecardInput } from './build.ts';
import { proportion, scorecardInput, type Observed } from './testing/inputs.ts';

const UNITS = 10_000;
const RARE: Observed = { units: [UNITS, UNITS], deposited: [0.001, 0.005], failed: [0.3, 0.1] };

/** So many units that deposited, and that failed. */
function counted(deposited: readonly [number, number], failed: readonly [number, number]): ScorecardInput {
  const share = ([control, retry]: readonly [number, number]) => [control / UNITS, retry / UNITS] as const;
  return scorecardInput({ ...RARE, deposited: share(deposited), failed: share(failed) });
}

test('a primary proportion with few successes is read exactly, and decides', () => {
  const card = buildScorecard(counted([10, 50], [3_000, 1_000]));
  const primary = card.readouts.find(({ role }) => role === 'primary');
  const expected = proportionSequence(
    { successes: 10, trials: UNITS },
    { successes: 50, trials: UNITS },
    { alpha: 0.05, treatmentShare: 0.5, tunedForCount: 10_000 },
  );
  assert.deepEqual(primary?.absolute, expected.absolute);
  assert.deepEqual(primary?.relative, expected.relative);
  assert.equal(primary?.pValue, expected.pValue);
  assert.match(primary?.method ?? '', /^exact confidence sequence of a rare outcome at 95\.0 %$/);
  assert.equal(card.verdict, 'ship');
});

test('with many successes, another rule or another type of metric the reading is the one it was', () => {
  const many = buildScorecard(counted([60, 70], [3_000, 1_000])).readouts[0];
  assert.match(many?.method ?? '', /^asymptotic/);
  const input = counted([10, 50], [3_000, 1_000]);
  const metrics = new Map([...input.metrics].map(([key, metric]) => [key, { ...metric, type: 'count' as const }]));
  assert.match(buildScorecard({ ...input, metrics }).readouts[0]?.method ?? '', /^asymptotic/);
});

test('within a segment too, so that a small one is not called harmed by chance', () => {
  const input = counted([60, 60], [3_000, 1_000]);
  const inSegment = { attribute: 'device', value: 'android' };
  const segmentStatistics = [
    { ...proportion('deposited', 'control', 5_000, 12 / 5_000), ...inSegment },
    { ...proportion('deposited', 'retry', 5_000, 3 / 5_000), ...inSegment },
  ];
  const [segment] = buildScorecard({ ...input, segmentStatistics }).segments;
  const expected = proportionSequence(
    { successes: 12, trials: 5_000 },
    { successes: 3, trials: 5_000 },
    { alpha: 0.05, treatmentShare: 0.5, tunedForCount: 10_000 },
  );
  assert.deepEqual([segment?.absolute, segment?.pValue], [expected.absolute, expected.pValue]);
  assert.equal(segment?.isHarmed, false);
});

test('a rare guardrail is breached, passed or open by the exact interval', () => {
  const statusOf = (failed: readonly [number, number], marginRatio: number) => {
    const input = counted([2_000, 2_600], failed);
    const guardrails = [{ metric: 'failed', marginRatio }];
    const definition = { ...input.definition, metrics: { ...input.definition.metrics, guardrails } };
    return buildScorecard({ ...input, definition }).gates.find(({ gate }) => gate === 'guardrail');
  };
  const breached = statusOf([2, 40], 0.05);
  assert.equal(breached?.status, 'failed');
  assert.match(breached?.reason ?? '', /failed, retry: \+1900\.0 % \(\+\d.* is beyond a harm of 5\.00 %/);
  assert.equal(statusOf([0, 30], 0.05)?.status, 'failed', 'nothing to divide by is no excuse');
  assert.match(statusOf([0, 30], 0.05)?.reason ?? '', /\(\+\d+\.\d % to without bound; a rare outcome/);
  assert.equal(statusOf([70, 10], 0.05)?.status, 'passed');
  assert.equal(statusOf([20, 22], 0.05)?.status, 'inconclusive');
  assert.equal(statusOf([0, 0], 0.05)?.status, 'inconclusive');
});

test('totals that few units of a small arm carry are not read while they are watched', () => {
  const read = (treated: number, carriers: number) => {
    const input = scorecardInput({ ...RARE, units: [UNITS, treated] });
    const metrics = new Map([...input.metrics].map(([key, metric]) => [key, { ...metric, type: 'sum' as const }]));
    const sumsOf = (metricKey: string, variant: string, count: number, payers: number) => ({
      ...proportion(metricKey, variant, count, 0),
      sumY: 5 * payers,
      sumYY: 25 * payers,
    });
    const statistics = ['deposited', 'failed'].flatMap((key) => [
      sumsOf(key, 'control', UNITS, 1_000),
      sumsOf(key, 'retry', treated, carriers),
    ]);
    const weight = Math.round((10_000 * treated) / (UNITS + treated));
    const variants = [
      { key: 'control', value: false, weightBasisPoints: 10_000 - weight },
      { key: 'retry', value: true, weightBasisPoints: weight },
    ];
    return buildScorecard({ ...input, statistics, metrics, definition: { ...input.definition, variants } });
  };
  const few = read(1_000, 90);
  assert.deepEqual(few.readouts, []);
  assert.match(few.summary, /too few units of the smaller arm carry its mean yet/);
  assert.equal(read(1_000, 110).readouts.length, 2);
  assert.equal(read(UNITS, 90).readouts.length, 2, 'arms alike keep each other in balance');
});

test('arms of unequal weight are held against their own split', () => {
  const input = scorecardInput({ ...RARE, units: [9_000, 1_000], failed: [0.3, 0.1] });
  const variants = [
    { key: 'control', value: false, weightBasisPoints: 9_000 },
    { key: 'retry', value: true, weightBasisPoints: 1_000 },
  ];
  const definition = { ...input.definition, variants };
  const statistics = [
    proportion('deposited', 'control', 9_000, 45 / 9_000),
    proportion('deposited', 'retry', 1_000, 5 / 1_000),
    ...input.statistics.filter(({ metricKey }) => metricKey === 'failed'),
  ];
  const primary = buildScorecard({ ...input, definition, statistics }).readouts.find(({ role }) => role === 'primary');
  assert.ok(primary?.relative !== null && primary?.relative !== undefined);
  assert.ok(Math.abs(primary.relative.estimate) < 1e-12);
  assert.equal(primary.pValue, 1);
});
