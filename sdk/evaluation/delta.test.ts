import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { suite, test } from 'node:test';
import { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import { compileRuleset } from './compile.ts';
import { applyDelta } from './delta.ts';
import { InvalidRulesetError } from './evaluation.ts';
import { contexts, evaluateOptions, rulesets } from './testing/ruleset-arbitrary.ts';

const FLAGS = ['f1', 'f2', 'f3'];

suite('deltas', () => {
  test('applied to a compiled ruleset, one after the other, they decide as the last ruleset compiled afresh', () => {
    const steps = fc.array(fc.tuple(rulesets, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })), {
      minLength: 1,
      maxLength: 4,
    });
    const many = fc.array(fc.tuple(contexts, evaluateOptions), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(rulesets, steps, many, (first, changes, asked) => {
        let compiled = compileRuleset({ ...mixture(received(first), received(first), [true]), version: 1 });
        for (const [other, choices] of changes) {
          const next = { ...mixture(compiled.ruleset, received(other), choices), version: compiled.version + 1 };
          compiled = compileRuleset(
            applyDelta(compiled.ruleset, overTheWire(deltaOf(compiled.ruleset, next))),
            compiled,
          );
          assert.deepEqual(compiled.ruleset, next);
          const afresh = compileRuleset(next);
          for (const [context, options] of asked) {
            for (const flag of FLAGS) {
              const evaluation = compiled.evaluate(flag, context, options);
              assert.deepEqual(evaluation, afresh.evaluate(flag, context, options));
              assert.equal(
                compiled.unitIdOf(evaluation, context, options),
                afresh.unitIdOf(evaluation, context, options),
              );
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('what a change breaks elsewhere is refused, although nothing else changed', () => {
    const [ruleset] = fc.sample(rulesets, 1);
    assert.ok(ruleset);
    const compiled = compileRuleset({ ...ruleset, version: 1 });
    const removals: Partial<RulesetDelta>[] = [
      { removedLayerKeys: ['users'] },
      { removedFlagKeys: ['f2'] },
      { removedExperimentKeys: ['e3'] },
      { removedSegmentKeys: ['plain', 'nested'], upserts: Ruleset.fromPartial({ flags: [flagOnSegment(ruleset)] }) },
      {
        upserts: Ruleset.fromPartial({
          experiments: [
            { ...experimentOf(ruleset), reservedBuckets: [{ first: 5_999, end: 6_001 }], enrolledBucketCount: 0 },
          ],
        }),
      },
    ];
    for (const removal of removals) {
      const delta = { ...deltaOf(compiled.ruleset, { ...compiled.ruleset, version: 2 }), ...removal };
      assert.throws(() => compileRuleset(applyDelta(compiled.ruleset, delta), compiled), InvalidRulesetError);
    }
  });

  test('a delta for another version, or that leads nowhere, is refused', () => {
    const ruleset = Ruleset.fromPartial({ version: 5 });
    for (const [baseVersion, version] of [
      [4, 6],
      [6, 7],
      [5, 5],
      [5, 4],
    ] as const) {
      const delta = { ...deltaOf(ruleset, ruleset), baseVersion, version };
      assert.throws(() => applyDelta(ruleset, delta), InvalidRulesetError);
    }
  });
});

/** Takes each document from the one or the other. */
function mixture(one: Ruleset, other: Ruleset, choices: readonly boolean[]): Ruleset {
  let position = 0;
  const pick = <T extends { readonly key: string }>(mine: readonly T[], theirs: readonly T[]): T[] => {
    const keys = [...new Set([...mine, ...theirs].map(({ key }) => key))].sort();
    return keys.flatMap((key) => {
      position += 1;
      const from = choices[position % choices.length] === true ? theirs : mine;
      return from.filter((document) => document.key === key);
    });
  };
  return {
    ...one,
    publishedAt: undefined,
    segments: pick(one.segments, other.segments),
    layers: pick(one.layers, other.layers),
    holdouts: pick(one.holdouts, other.holdouts),
    flags: pick(one.flags, other.flags),
    experiments: pick(one.experiments, other.experiments),
    kills: choices[0] === true ? other.kills : one.kills,
  };
}

function deltaOf(from: Ruleset, to: Ruleset): RulesetDelta {
  const changed = <T>(before: readonly T[], after: readonly T[]): T[] =>
    after.filter((document) => !before.some((known) => isDeepStrictEqual(known, document)));
  const gone = <T extends { readonly key: string }>(before: readonly T[], after: readonly T[]): string[] =>
    before.filter(({ key }) => !after.some((document) => document.key === key)).map(({ key }) => key);
  return {
    baseVersion: from.version,
    version: to.version,
    publishedAt: to.publishedAt,
    upserts: Ruleset.fromPartial({
      segments: changed(from.segments, to.segments),
      layers: changed(from.layers, to.layers),
      holdouts: changed(from.holdouts, to.holdouts),
      flags: changed(from.flags, to.flags),
      experiments: changed(from.experiments, to.experiments),
      kills: changed(from.kills, to.kills),
    }),
    removedSegmentKeys: gone(from.segments, to.segments),
    removedLayerKeys: gone(from.layers, to.layers),
    removedHoldoutKeys: gone(from.holdouts, to.holdouts),
    removedFlagKeys: gone(from.flags, to.flags),
    removedExperimentKeys: gone(from.experiments, to.experiments),
    revokedKillIds: from.kills
      .filter(({ killId }) => !to.kills.some((kill) => kill.killId === killId))
      .map(({ killId }) => killId),
  };
}

function received(ruleset: Ruleset): Ruleset {
  return Ruleset.decode(Ruleset.encode(ruleset).finish());
}

function overTheWire(delta: RulesetDelta): RulesetDelta {
  return RulesetDelta.decode(RulesetDelta.encode(delta).finish());
}

function flagOnSegment({ flags }: Ruleset): Ruleset['flags'][number] {
  const [flag] = flags;
  assert.ok(flag);
  const condition = { kind: { $case: 'segmentKey' as const, value: 'plain' } };
  return { ...flag, rules: [{ key: 'only', condition, outcome: { $case: 'variant', value: 'control' } }] };
}

function experimentOf({ experiments }: Ruleset): Ruleset['experiments'][number] {
  const [experiment] = experiments;
  assert.ok(experiment);
  return experiment;
}
