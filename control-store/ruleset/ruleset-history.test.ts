import assert from 'node:assert/strict';
import test from 'node:test';
import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import {
  ExperimentStatus,
  type Ruleset,
  RulesetDelta,
  type Experiment,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { applyDelta, compileRuleset } from '@third-umpire/sdk';
import fc from 'fast-check';
import type { Definition } from '../../definitions/definition.ts';
import { draftState, isLive, type ExperimentState } from '../experiment-state.ts';
import { applyTransition } from '../lifecycle.ts';
import { ConflictError, type KillRecord, type Transition } from '../port.ts';
import { documents, experimentDocuments } from '../testing/documents.ts';
import { buildRuleset } from './build-ruleset.ts';
import { diffRulesets, isEmptyDelta } from './diff-rulesets.ts';

// Whatever happens to four experiments, of which three are exclusive, these properties of the rulesets that follow from it hold.

const KEYS = ['red', 'green', 'blue', 'alone'] as const;
type Key = (typeof KEYS)[number];

const definitions: Definition[] = [
  ...documents(
    { kind: 'layer', key: 'shared', owner: 'shop' },
    { kind: 'segment', key: 's', owner: 'shop', when: { attribute: 'a', operator: 'exists' } },
  ),
  ...KEYS.flatMap((key) =>
    experimentDocuments(key, key === 'alone' ? { targeting: { segment: 's' } } : { layer: 'shared' }),
  ),
];

type Step =
  | { readonly do: 'transition'; readonly key: Key; readonly transition: Transition }
  | { readonly do: 'kill' | 'revoke'; readonly key: Key }
  | { readonly do: 'put'; readonly owner: string };

const transition = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Transition>({ to: 'started', definitionVersion: 1 }) },
  {
    weight: 4,
    arbitrary: fc.record({
      to: fc.constant('enrolled' as const),
      stage: fc.integer({ min: 1, max: 2 }),
      basisPoints: fc.integer({ min: 1, max: 5_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Transition>(
      { to: 'paused' },
      { to: 'resumed' },
      { to: 'shipped', variant: 'treatment', holdbackBasisPoints: 100 },
      { to: 'holdback-ended' },
      { to: 'rolled-back' },
      { to: 'invalid' },
      { to: 'inconclusive' },
      { to: 'archived' },
    ),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('transition' as const), key: fc.constantFrom(...KEYS), transition }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'revoke' as const), key: fc.constantFrom(...KEYS) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('put' as const), owner: fc.constantFrom('a', 'b') }) },
);

/** The rulesets of a history, one for each step. */
function rulesetsOf(steps: readonly Step[]): Ruleset[] {
  const states = new Map<Key, ExperimentState>(KEYS.map((key) => [key, draftState(key, 1, 'new')]));
  const kills = new Map<Key, KillRecord>();
  const flags = new Map<string, Definition>();
  const definitionOf = (key: Key) =>
    definitions.find((candidate) => candidate.kind === 'experiment' && candidate.key === key);
  return steps.map((each, index) => {
    if (each.do === 'transition') move(states, each.key, each.transition, definitionOf(each.key), index);
    if (each.do === 'kill') kills.set(each.key, killOf(each.key, index));
    if (each.do === 'revoke') kills.delete(each.key);
    if (each.do === 'put') for (const flag of documents(flagBy(each.owner))) flags.set(flag.key, flag);
    return buildRuleset({
      version: index + 1,
      publishedAtMs: index * 1_000,
      definitions: [...definitions, ...flags.values()],
      experiments: KEYS.map((key) => {
        const [state, definition] = [states.get(key), definitionOf(key)];
        return state !== undefined && definition?.kind === 'experiment' ? { state, definition } : assert.fail();
      }),
      kills: [...kills.values()],
    });
  });
}

function move(
  states: Map<Key, ExperimentState>,
  key: Key,
  wanted: Transition,
  definition: Definition | undefined,
  nowMs: number,
): void {
  const state = states.get(key);
  if (state === undefined || definition?.kind !== 'experiment') return assert.fail();
  const inLayer = [...states.values()].filter(
    (other) => isLive(other) && (other.key === 'alone') === (key === 'alone'),
  );
  const reservations = inLayer.map((other) => ({ experimentKey: other.key, buckets: other.reservedBuckets }));
  try {
    states.set(key, applyTransition(state, wanted, { definition, reservations, reason: 'a test', nowMs }));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

function killOf(key: Key, index: number): KillRecord {
  const killId = `kill ${String(index).padStart(3, '0')}`;
  const actor = { name: 'ravi', reason: 'a test' };
  return { killId, target: { kind: 'experiment', key }, actor, killedAtMs: index, rulesetVersion: index };
}

function flagBy(owner: string): object {
  const variants = [{ key: 'control', value: owner }];
  return { kind: 'flag', key: `flag_of_${owner}`, owner, type: 'string', variants };
}

function forAllHistories(check: (rulesets: readonly Ruleset[]) => void): void {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), (steps) => check(rulesetsOf(steps))),
    { numRuns: 150 },
  );
}

function pairsOf(rulesets: readonly Ruleset[]): (readonly [Experiment, Experiment])[] {
  return rulesets.slice(1).flatMap((after, index) =>
    after.experiments.flatMap((experiment) => {
      const before = rulesets[index]?.experiments.find(({ key }) => key === experiment.key);
      return before === undefined ? [] : [[before, experiment] as const];
    }),
  );
}

test('experiments in one layer never share a bucket', () => {
  forAllHistories((rulesets) => {
    for (const { experiments } of rulesets) {
      const ranges = experiments
        .filter(({ layerKey }) => layerKey === 'shared')
        .flatMap(({ reservedBuckets }) => reservedBuckets)
        .sort((a, b) => a.first - b.first);
      for (const [index, range] of ranges.entries()) {
        assert.ok(range.first < range.end && range.end <= 10_000);
        assert.ok((ranges[index - 1]?.end ?? 0) <= range.first);
      }
    }
  });
});

test('within an epoch a ramp only adds units, and nothing that places a unit changes', () => {
  forAllHistories((rulesets) => {
    const placing = ({ variants, variantSalt, enrolmentSalt, layerKey, targeting, flagKey }: Experiment): object => ({
      variants,
      variantSalt,
      enrolmentSalt,
      layerKey,
      targeting,
      flagKey,
    });
    for (const [before, after] of pairsOf(rulesets)) {
      if (before.epoch !== after.epoch) continue;
      assert.deepEqual(placing(after), placing(before));
      if (after.status !== ExperimentStatus.EXPERIMENT_STATUS_RUNNING) continue;
      assert.deepEqual(after.reservedBuckets, before.reservedBuckets);
      assert.ok(after.enrolledBucketCount >= before.enrolledBucketCount);
    }
  });
});

test('SDKs take every ruleset, and within an epoch move nobody from one arm to another', () => {
  const users = Array.from({ length: 40 }, (_, index) => ({ user: `u${index}`, a: 'x' }));
  forAllHistories((rulesets) => {
    const armOf = new Map<string, string | null>();
    for (const ruleset of rulesets) {
      const compiled = compileRuleset(ruleset);
      for (const context of users) {
        for (const key of KEYS) {
          const { reason, variant, epoch } = compiled.evaluate(key, context);
          if (reason !== Reason.REASON_SPLIT) continue;
          const unit = `${key} ${epoch} ${context.user}`;
          assert.equal(armOf.get(unit) ?? variant, variant);
          armOf.set(unit, variant);
        }
      }
    }
  });
});

test('starting again takes the next epoch, with fresh salts and nobody enrolled', () => {
  forAllHistories((rulesets) => {
    for (const [before, after] of pairsOf(rulesets)) {
      if (before.epoch === after.epoch) continue;
      assert.equal(after.epoch, before.epoch + 1);
      assert.notEqual(after.variantSalt, before.variantSalt);
      assert.notEqual(after.enrolmentSalt, before.enrolmentSalt);
      assert.equal(after.enrolledBucketCount, 0);
    }
  });
});

test('no salt is used for two things', () => {
  forAllHistories((rulesets) => {
    const uses = new Map<string, string>();
    const use = (salt: string, what: string): void => {
      assert.equal(uses.get(salt) ?? what, what);
      uses.set(salt, what);
    };
    for (const { experiments, layers } of rulesets) {
      for (const { key, salt } of layers) use(salt, `layer ${key}`);
      for (const { key, epoch, variantSalt, enrolmentSalt } of experiments) {
        use(variantSalt, `variants of ${key} ${epoch}`);
        use(enrolmentSalt, `enrolment of ${key} ${epoch}`);
      }
    }
  });
});

test('a delta that is encoded, decoded and applied gives the ruleset that was built', () => {
  forAllHistories((rulesets) => {
    for (const [index, after] of rulesets.entries()) {
      const before = rulesets[index - 1];
      if (before === undefined) continue;
      const delta = RulesetDelta.decode(RulesetDelta.encode(diffRulesets(before, after)).finish());
      assert.deepEqual(applyDelta(before, delta), after);
      const isSame =
        JSON.stringify({ ...before, version: 0, publishedAt: 0 }) ===
        JSON.stringify({ ...after, version: 0, publishedAt: 0 });
      assert.equal(isEmptyDelta(delta), isSame);
    }
  });
});
