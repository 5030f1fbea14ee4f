import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoppingRule } from '../definitions/experiment.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { buildScorecard, type MetricStatistics, type ScorecardInput } from './build.ts';
import { dueLooks, readingAt } from './looks.ts';
import { proportion, scorecardInput } from './testing/inputs.ts';

const DAY_MS = 86_400_000;
const SEQUENTIAL: StoppingRule = { rule: 'group-sequential', alpha: 0.05, looks: 4, spending: 'obrien-fleming' };
const FIXED: StoppingRule = { rule: 'fixed-horizon', alpha: 0.05 };
const EVEN = { units: [4_000, 4_000], deposited: [0.2, 0.2], failed: [0.3, 0.1] } as const;

/** An experiment with so many units a day in each arm, at a day. */
function at(
  days: number,
  stopping: StoppingRule,
  rates: { readonly deposited: readonly [number, number]; readonly failed?: readonly [number, number] },
  isFullDay: number | null = null,
): ScorecardInput {
  const perDay = 250;
  const count = Math.round(perDay * days);
  const failed = rates.failed ?? [0.3, 0.1];
  const input = scorecardInput({ ...EVEN, units: [count, count], ...rates, failed, days, definition: { stopping } });
  const startMs = input.record.enrolledAtMs ?? 0;
  const asOfMs = startMs + days * DAY_MS;
  const isFullAtMs = isFullDay === null || isFullDay > days ? null : startMs + isFullDay * DAY_MS;
  const due = dueLooks(input.definition, input.record, { asOfMs, isFullAtMs });
  const cumulative = due.map(({ atMs }) => Math.round((perDay * (atMs - startMs)) / DAY_MS));
  const units = cumulative.flatMap((upTo, look) =>
    ['control', 'retry'].map((variant) => ({ look, variant, units: upTo - (cumulative[look - 1] ?? 0) })),
  );
  const reading = readingAt(input.definition, input.record, { asOfMs, due, units });
  const then = cumulative.at(-1) ?? 0;
  const statisticsAtLook: MetricStatistics[] = ['control', 'retry'].flatMap((variant, arm) => [
    proportion('deposited', variant, then, rates.deposited[arm] ?? 0),
    proportion('failed', variant, then, failed[arm] ?? 0),
  ]);
  return { ...input, reading, isFullAtMs, ...(reading.kind === 'look' ? { statisticsAtLook } : {}) };
}

const primaryOf = (input: ScorecardInput) => buildScorecard(input).readouts.find(({ role }) => role === 'primary');
const HUGE = { deposited: [0.2, 0.4] } as const;

test('a fixed-horizon experiment shows no effect before its end, and then Welch', () => {
  const early = buildScorecard(at(27, FIXED, HUGE));
  assert.equal(early.verdict, 'keep-running');
  assert.match(early.summary, /deposited: not read before the only look, 2026-04-29/);
  assert.deepEqual(
    early.readouts.map(({ role }) => role),
    ['guardrail'],
    'guardrails are watched all the time',
  );
  const ended = buildScorecard(at(28, FIXED, HUGE));
  assert.equal(ended.verdict, 'ship');
  assert.ok(
    ended.gates.every(({ status }) => status === 'passed'),
    'the end of the runtime is no failure of an answer',
  );
  assert.match(primaryOf(at(28, FIXED, HUGE))?.method ?? '', /Welch's t interval, one look at 95.0 %/);
  assert.deepEqual(ended.look, { look: 1, looks: 1, atMs: ended.look?.atMs, isLast: true });
});

test('a group-sequential experiment ships at a look, not between two', () => {
  assert.equal(buildScorecard(at(6, SEQUENTIAL, HUGE)).verdict, 'keep-running');
  const first = buildScorecard(at(7, SEQUENTIAL, HUGE));
  assert.equal(first.verdict, 'ship');
  assert.deepEqual([first.look?.look, first.look?.looks, first.look?.isLast], [1, 4, false]);
});

test('the boundary of the first of four looks is the one of O’Brien and Fleming’s spending function', () => {
  const readout = primaryOf(at(7, SEQUENTIAL, { deposited: [0.2, 0.21] }));
  assert.ok(readout !== undefined);
  // gsDesign: sfLDOF at 0.25 of the information, 0.025 one-sided.
  const standardError = Math.sqrt((0.2 * 0.8 + 0.21 * 0.79) / 1_750);
  const critical = (readout.absolute.upper - readout.absolute.estimate) / standardError;
  assert.ok(Math.abs(critical - 4.3326) < 0.02, `${critical}`); // Student's quantile of 3,498 degrees of freedom
});

test('harm does not wait for a look', () => {
  const harmed = buildScorecard(at(6, FIXED, { deposited: [0.2, 0.2], failed: [0.05, 0.3] }));
  assert.equal(harmed.verdict, 'do-not-ship');
});

test('the planned units end an experiment of any rule', () => {
  const none = { deposited: [0.2, 0.2] } as const;
  for (const rule of [SEQUENTIAL, FIXED, { rule: 'always-valid', alpha: 0.05 } as const]) {
    const stopping = { ...rule, maximumUnits: 5_000 };
    assert.equal(buildScorecard(at(9, stopping, none, 10)).verdict, 'keep-running');
    const full = buildScorecard(at(10, stopping, none, 10));
    assert.equal(full.verdict, 'inconclusive');
    assert.match(full.summary, /The planned units are there without an answer: .*deposited/);
    assert.equal(buildScorecard(at(10, stopping, HUGE, 10)).verdict, 'ship');
  }
});

test('four looks at no effect are wrong in about 5 %, and looking with Welch in far more', () => {
  const random = seededRandom(20261123);
  const runs = 250;
  let sequential = 0;
  let naive = 0;
  for (let run = 0; run < runs; run += 1) {
    let [control, retry] = [0, 0];
    let [isWrong, isNaivelyWrong] = [false, false];
    for (let look = 1; look <= 4; look += 1) {
      for (let unit = 0; unit < 250; unit += 1) {
        control += random.bernoulli(0.3);
        retry += random.bernoulli(0.3);
      }
      const count = 250 * look;
      const input = at(7 * look, SEQUENTIAL, { deposited: [control / count, retry / count] });
      const scaled = scaledTo(count, input, [control, retry]);
      const readout = primaryOf(scaled);
      isWrong ||= readout !== undefined && (readout.absolute.lower > 0 || readout.absolute.upper < 0);
      isNaivelyWrong ||= Math.abs(zOf(control, retry, count)) > 1.96;
    }
    sequential += isWrong ? 1 : 0;
    naive += isNaivelyWrong ? 1 : 0;
  }
  const error = 2.576 * Math.sqrt((0.05 * 0.95) / runs);
  assert.ok(Math.abs(sequential / runs - 0.05) < error, `sequential: ${sequential / runs}`);
  assert.ok(naive / runs > 0.1, `naive: ${naive / runs}`);
});

function scaledTo(count: number, input: ScorecardInput, sums: readonly [number, number]): ScorecardInput {
  const statisticsAtLook = ['control', 'retry'].map((variant, arm): MetricStatistics => {
    const sum = sums[arm] ?? 0;
    return { metricKey: 'deposited', variant, count, sumY: sum, sumYY: sum, sumX: 0, sumXX: 0, sumXY: 0 };
  });
  return { ...input, statisticsAtLook };
}

function zOf(control: number, retry: number, count: number): number {
  const [a, b] = [control / count, retry / count];
  return (b - a) / Math.sqrt((a * (1 - a) + b * (1 - b)) / count);
}
