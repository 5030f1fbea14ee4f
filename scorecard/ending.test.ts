import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoppingRule } from '../definitions/experiment.ts';
import { futilityDesign } from '../estimators/stopping/futility-boundaries.ts';
import { buildScorecard, type ScorecardInput } from './build.ts';
import { dueLooks, readingAt } from './looks.ts';
import type { Gate, Scorecard } from './scorecard.ts';
import { proportion, scorecardInput } from './testing/inputs.ts';

const DAY_MS = 86_400_000;
const PER_DAY = 250;
const FUTILITY = { spending: 'obrien-fleming', power: 0.8 } as const;
const GIVES_UP: StoppingRule = {
  rule: 'group-sequential',
  alpha: 0.05,
  looks: 4,
  spending: 'obrien-fleming',
  futility: FUTILITY,
};

/** After so many days, with 250 units a day in each arm. */
function at(days: number, stopping: StoppingRule, deposited: readonly [number, number]): ScorecardInput {
  const count = PER_DAY * days;
  const failed = [0.3, 0.1] as const;
  const input = scorecardInput({ units: [count, count], deposited, failed, days, definition: { stopping } });
  const startMs = input.record.enrolledAtMs ?? 0;
  const asOfMs = startMs + days * DAY_MS;
  const due = dueLooks(input.definition, input.record, { asOfMs, isFullAtMs: null });
  const upTo = due.map(({ atMs }) => Math.round((PER_DAY * (atMs - startMs)) / DAY_MS));
  const units = upTo.flatMap((so, look) =>
    ['control', 'retry'].map((variant) => ({ look, variant, units: so - (upTo[look - 1] ?? 0) })),
  );
  const reading = readingAt(input.definition, input.record, { asOfMs, due, units });
  const then = upTo.at(-1) ?? 0;
  const statisticsAtLook = ['control', 'retry'].flatMap((variant, arm) => [
    proportion('deposited', variant, then, deposited[arm] ?? 0),
    proportion('failed', variant, then, failed[arm] ?? 0),
  ]);
  return { ...input, reading, ...(reading.kind === 'look' ? { statisticsAtLook } : {}) };
}

const gateOf = ({ gates }: Scorecard, name: Gate['gate']): Gate | undefined => gates.find(({ gate }) => gate === name);

test('an effect below the futility boundary ends the experiment, with the reason', () => {
  const futile = buildScorecard(at(14, GIVES_UP, [0.2, 0.196]));
  assert.equal(futile.verdict, 'inconclusive');
  assert.match(
    futile.summary,
    /^Stop, going on is futile: deposited, retry: −2\.\d\d % is below the futility boundary of \+/,
  );
  assert.match(futile.summary, /the planned end finds \+1\d\.\d % with 80\.0 %/);
  assert.equal(gateOf(futile, 'futility')?.status, 'failed');
});

test('with hope left it keeps running, and says so', () => {
  const going = buildScorecard(at(14, GIVES_UP, [0.2, 0.212]));
  assert.equal(going.verdict, 'keep-running');
  assert.equal(gateOf(going, 'futility')?.status, 'passed');
  assert.match(gateOf(going, 'futility')?.reason ?? '', /has not crossed the futility boundary/);
});

test('nothing is given up that nobody asked for, nor at the last look, nor where less is better and there is less', () => {
  const { futility: _, ...never } = GIVES_UP;
  assert.equal(buildScorecard(at(14, never, [0.2, 0.196])).verdict, 'keep-running');
  const last = buildScorecard(at(28, GIVES_UP, [0.2, 0.196]));
  assert.match(last.summary, /The maximum runtime is over without an answer/);
  assert.equal(gateOf(last, 'futility'), undefined);
  const input = at(14, GIVES_UP, [0.2, 0.19]);
  assert.equal(buildScorecard(input).verdict, 'inconclusive');
  const deposited = input.metrics.get('deposited');
  assert.ok(deposited !== undefined);
  const metrics = new Map([...input.metrics, ['deposited', { ...deposited, goodDirection: 'decrease' as const }]]);
  assert.equal(buildScorecard({ ...input, metrics }).verdict, 'keep-running');
});

test('the boundary of a look that came on time is the one of the design', () => {
  const { readouts } = buildScorecard(at(14, GIVES_UP, [0.2, 0.2]));
  const [readout] = readouts;
  const design = futilityDesign({
    alphaSpending: 'obrien-fleming',
    betaSpending: 'obrien-fleming',
    alpha: 0.025,
    beta: 0.2,
    informationFractions: [0.25, 0.5, 0.75, 1],
  });
  const standardError = Math.sqrt((0.2 * 0.8 * 2) / (14 * PER_DAY));
  assert.ok(readout?.futility !== undefined);
  const { boundary, detectableEffect } = readout.futility;
  assert.ok(boundary !== null);
  assert.ok(Math.abs(boundary / standardError - (design.lower[1] ?? NaN)) < 1e-3, `${boundary / standardError}`);
  assert.ok(Math.abs(detectableEffect / (standardError * Math.SQRT1_2) - design.drift) < 1e-3);
});

test('a target ends the experiment once it would have been found, and a win that waits for a guardrail goes on', () => {
  const target = { effectRatio: 0.15, power: 0.8 };
  const always: StoppingRule = { rule: 'always-valid', alpha: 0.05, target };
  assert.equal(buildScorecard(at(8, always, [0.2, 0.2])).verdict, 'keep-running');
  const reached = buildScorecard(at(27, always, [0.2, 0.2]));
  assert.equal(reached.verdict, 'inconclusive');
  assert.match(
    reached.summary,
    /^The wanted power is reached without an answer: an effect of 15\.0 % on deposited would have been found with 9\d\.\d % by now/,
  );
  const early = at(6, { ...always, target: { effectRatio: 0.9, power: 0.8 } }, [0.2, 0.2]);
  assert.equal(buildScorecard(early).verdict, 'keep-running', 'the minimum runtime comes first');
  const won = at(27, always, [0.2, 0.3]);
  assert.equal(buildScorecard(won).verdict, 'ship');
  const unsure = {
    ...won,
    statistics: won.statistics.map((each) =>
      each.metricKey === 'failed' ? proportion('failed', each.variant, 300, 0.2) : each,
    ),
  };
  assert.equal(buildScorecard(unsure).verdict, 'keep-running');
});

test('a win at a look says what to report: less than what is seen', () => {
  const won = buildScorecard(at(14, GIVES_UP, [0.2, 0.235]));
  assert.equal(won.verdict, 'ship');
  const [{ afterStopping, absolute } = {}] = won.readouts;
  assert.ok(afterStopping !== undefined && absolute !== undefined);
  assert.ok(afterStopping.estimate < absolute.estimate && afterStopping.lower > 0);
  assert.match(won.summary, /Report \+1\d\.\d % \(\+\d\.\d\d % to \+2\d\.\d %\), which is median-unbiased/);
  assert.equal(buildScorecard(at(14, GIVES_UP, [0.2, 0.212])).readouts[0]?.afterStopping, undefined);
});

test('a group-sequential target counts every look so far', () => {
  const stopping: StoppingRule = { ...GIVES_UP, target: { effectRatio: 0.15, power: 0.8 } };
  const [readout] = buildScorecard(at(14, stopping, [0.2, 0.21])).readouts;
  assert.ok(readout?.reachedPower !== undefined);
  // At half of the information the second look alone wants z > 2.963; the first adds next to nothing.
  const drift = 0.03 / Math.sqrt((0.2 * 0.8 + 0.21 * 0.79) / (14 * PER_DAY));
  assert.ok(
    Math.abs(readout.reachedPower - 0.5) < 0.1 && drift > 2.9 && drift < 3.2,
    `${readout.reachedPower} ${drift}`,
  );
});
