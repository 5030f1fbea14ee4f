import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { draftState, type ExperimentState } from './experiment-state.ts';
import { applyTransition } from './lifecycle.ts';
import { ConflictError, type Transition } from './port.ts';
import { countBuckets } from './ruleset/buckets.ts';
import { experimentDocuments } from './testing/documents.ts';

const [, document] = experimentDocuments('card');
const definition = document?.kind === 'experiment' ? document : assert.fail('no experiment');
const context = { definition, reservations: [], reason: 'because', nowMs: 1_000 };

function after(...transitions: readonly Transition[]): ExperimentState {
  return transitions.reduce(
    (state, transition) => applyTransition(state, transition, context),
    draftState('card', 1, 'new'),
  );
}
const start: Transition = { to: 'started', definitionVersion: 1 };
const enrol = (stage: number, basisPoints: number): Transition => ({ to: 'enrolled', stage, basisPoints });
const ship: Transition = { to: 'shipped', variant: 'treatment', holdbackBasisPoints: 500 };

test('starting takes the buckets of the final stage, enrols nobody and begins a new epoch', () => {
  const state = after(start);
  assert.equal(countBuckets(state.reservedBuckets), 5_000);
  assert.deepEqual(
    { epoch: state.epoch, status: state.status, enrolled: state.enrolledBasisPoints, startedAtMs: state.startedAtMs },
    { epoch: 1, status: 'running', enrolled: 0, startedAtMs: 1_000 },
  );
  const again = after(start, enrol(1, 100), { to: 'rolled-back' }, start);
  assert.deepEqual([again.epoch, again.enrolledBasisPoints, again.analysisClosedAtMs], [2, 0, null]);
});

test('a ramp only ever enrols more, and never more than it reserved', () => {
  const state = after(start, enrol(1, 100), enrol(2, 5_000));
  assert.deepEqual([state.stage, state.enrolledBasisPoints, state.enrolledAtMs], [2, 5_000, 1_000]);
  assert.throws(() => after(start, enrol(1, 100), enrol(1, 99)), /cannot go back to stage 1 with 0\.99 %/);
  assert.throws(() => after(start, enrol(2, 100), enrol(1, 200)), /cannot go back to stage 1/);
  assert.throws(() => after(start, enrol(1, 5_001)), /holds 50 % of its layer and cannot enrol 50\.01 %/);
  assert.throws(() => after(start, enrol(0, 1)), ConflictError);
  assert.throws(() => after(start, enrol(1, 1.5)), ConflictError);
  assert.throws(() => after(start, enrol(1, Number.NaN)), ConflictError);
});

test('shipping, rolling back and giving up close the analysis, once', () => {
  assert.equal(after(start, enrol(1, 100), ship).analysisClosedAtMs, 1_000);
  assert.equal(after(start, { to: 'invalid' }).analysisClosedAtMs, 1_000);
  assert.equal(after({ to: 'awaiting-approval' }, { to: 'rolled-back' }).analysisClosedAtMs, null);
  const shipped = after(start, enrol(1, 100), ship);
  const archived = applyTransition(shipped, { to: 'archived' }, { ...context, nowMs: 2_000 });
  assert.deepEqual([archived.analysisClosedAtMs, archived.shippedVariant], [1_000, 'treatment']);
});

test('only known variants and whole basis points can be shipped', () => {
  assert.throws(() => after(start, { ...ship, variant: 'blue' }), /no variant blue to ship.*control, treatment/);
  assert.throws(() => after(start, { ...ship, holdbackBasisPoints: 10_001 }), /cannot hold back 10001/);
  assert.equal(after(start, ship, { to: 'holdback-ended' }).holdbackBasisPoints, 0);
});

test('a killed experiment can end but not serve more; an epoch that was killed is over even when the kill is revoked', () => {
  const killed = { ...after(start, enrol(1, 100)), isKilled: true, analysisClosedAtMs: 500 };
  for (const transition of [enrol(1, 200), ship]) {
    assert.throws(() => applyTransition(killed, transition, context), /is killed and cannot become/);
  }
  assert.equal(applyTransition(killed, { to: 'rolled-back' }, context).analysisClosedAtMs, 500);
  const revoked = { ...killed, isKilled: false };
  assert.throws(() => applyTransition(revoked, enrol(1, 200), context), /epoch 1, whose analysis is closed/);
  const next = applyTransition(applyTransition(revoked, { to: 'rolled-back' }, context), start, context);
  assert.deepEqual([next.epoch, next.analysisClosedAtMs], [2, null]);
});

test('a transition that is not possible says from where it would be', () => {
  assert.throws(
    () => after(enrol(1, 1)),
    /experiment card is draft and cannot become enrolled; that is possible from running/,
  );
  assert.throws(() => after(start, start), /is running and cannot become started/);
  assert.throws(() => after(start, { to: 'archived' }), /is running and cannot become archived/);
});

test('whatever is tried, refusals change nothing, revisions grow by one and epochs never fall', () => {
  const transitions = fc.oneof(
    fc.constantFrom<Transition>(
      start,
      ship,
      ...(
        ['awaiting-approval', 'paused', 'resumed', 'rolled-back', 'invalid', 'inconclusive', 'archived'] as const
      ).map((to) => ({ to })),
    ),
    fc.record({
      to: fc.constant('enrolled' as const),
      stage: fc.integer({ min: 1, max: 3 }),
      basisPoints: fc.integer({ min: 0, max: 6_000 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(transitions, { maxLength: 30 }), (attempts) => {
      let state = draftState('card', 1, 'new');
      for (const attempt of attempts) {
        try {
          const next = applyTransition(state, attempt, context);
          assert.equal(next.revision, state.revision + 1);
          assert.ok(next.epoch >= state.epoch);
          if (next.epoch === state.epoch) assert.ok(next.enrolledBasisPoints >= state.enrolledBasisPoints);
          assert.ok(next.enrolledBasisPoints <= countBuckets(next.reservedBuckets));
          state = next;
        } catch (error) {
          assert.ok(error instanceof ConflictError, String(error));
        }
      }
    }),
  );
});
