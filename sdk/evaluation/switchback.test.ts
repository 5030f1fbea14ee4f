import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ExperimentStatus, Ruleset, ValueType } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRuleset } from './compile.ts';
import { explain } from './explain.ts';
import { DecisionClock } from './window.ts';

const HOUR_MS = 3_600_000;
const START_MS = 500_000 * HOUR_MS;

const ruleset = Ruleset.fromPartial({
  version: 1,
  layers: [{ key: 'pricing', unitType: 'city', salt: 'layer:pricing' }],
  flags: [
    {
      key: 'pricing',
      valueType: ValueType.VALUE_TYPE_STRING,
      variants: ['control', 'surge'].map((key) => ({ key, value: key })),
      controlVariant: 'control',
      enabled: true,
      rules: [{ key: 'r', outcome: { $case: 'experimentKey', value: 'pricing' } }],
    },
  ],
  experiments: [
    {
      key: 'pricing',
      flagKey: 'pricing',
      layerKey: 'pricing',
      epoch: 1,
      status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
      variants: ['control', 'surge'].map((variant) => ({ variant, weightBasisPoints: 5_000 })),
      variantSalt: 'variant:pricing:1',
      enrolmentSalt: 'enrolment:pricing:1',
      reservedBuckets: [{ first: 0, end: 10_000 }],
      enrolledBucketCount: 10_000,
      switchbackWindowMs: HOUR_MS,
    },
  ],
});
const compiled = compileRuleset(ruleset);
const decide = (user: string, city: string, nowMs: number): string | null =>
  compiled.evaluate('pricing', { user, city }, { clock: () => nowMs }).variant;

test('everybody in a city has one arm for a window, and the city another one in half of the next windows', () => {
  let switches = 0;
  let treated = 0;
  for (let hour = 0; hour < 2_000; hour += 1) {
    const from = START_MS + hour * HOUR_MS;
    const arm = decide('a', 'Pune', from);
    assert.equal(decide('b', 'Pune', from + HOUR_MS - 1), arm);
    if (arm === 'surge') treated += 1;
    if (arm !== decide('a', 'Pune', from + HOUR_MS)) switches += 1;
  }
  // 2,000 fair coins: five standard deviations are 112.
  assert.ok(Math.abs(treated - 1_000) < 112, `${treated} treated`);
  assert.ok(Math.abs(switches - 1_000) < 112, `${switches} switches`);
});

test('cities have coins of their own', () => {
  const hours = Array.from({ length: 1_000 }, (_, hour) => START_MS + hour * HOUR_MS);
  const same = hours.filter((at) => decide('a', 'Pune', at) === decide('a', 'Nashik', at)).length;
  assert.ok(Math.abs(same - 500) < 80, `${same} the same`);
});

test('the exposure carries the window in which it was decided, also over its end', () => {
  let nowMs = START_MS + HOUR_MS - 1;
  const clock = new DecisionClock(() => nowMs);
  const context = { user: 'a', city: 'Pune' };
  clock.begin();
  const evaluation = compiled.evaluate('pricing', context, { clock: clock.now });
  nowMs += 1;
  assert.equal(compiled.unitIdOf(evaluation, context, { clock: clock.now }), `Pune@${START_MS}`);
  clock.begin();
  assert.equal(compiled.unitIdOf(evaluation, context, { clock: clock.now }), `Pune@${START_MS + HOUR_MS}`);
});

test('without a clock or a city it does not decide, and says so; the explanation says the same', () => {
  const context = { user: 'a', city: 'Pune' };
  assert.equal(compiled.evaluate('pricing', context).reason, Reason.REASON_ERROR);
  assert.equal(compiled.evaluate('pricing', { user: 'a' }, { clock: () => START_MS }).reason, Reason.REASON_ERROR);
  const { evaluation, steps } = explain(ruleset, 'pricing', context, { clock: () => START_MS });
  assert.equal(evaluation.variant, decide('a', 'Pune', START_MS));
  assert.match(JSON.stringify(steps), /the unit is the window since 2027-01-15T08:00:00.000Z/);
  assert.match(JSON.stringify(explain(ruleset, 'pricing', context).steps), /no clock tells which time window it is/);
});
