import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Experiment, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { readCases, type ConformanceCase, type ExpectedDecision } from './cases.ts';
import { compileRuleset, InvalidRulesetError, type CompiledRuleset, type EvaluateOptions } from './index.ts';
import { enrolmentOf } from './evaluation/enrolment.ts';
import { BUCKETS, murmur3, saltedHash } from './evaluation/murmur3.ts';
import { firstPoint, saltedPointPair, secondPoint } from './evaluation/point-pair.ts';

const { hash_vectors, enrolment_vectors, rulesets, cases, refused_rulesets } = readCases();

suite('conformance (expectations from mmh3, see cases.json)', () => {
  test('hashes', () => {
    for (const { salt, unit, murmur3: expected, bucket } of hash_vectors) {
      assert.equal(saltedHash(salt)(unit), expected, `${salt}:${unit}`);
      assert.equal(murmur3(`${salt}:${unit}`), expected, `${salt}:${unit}`);
      assert.equal(expected % BUCKETS, bucket);
    }
  });

  test('two hashes at once', () => {
    for (const { salt, unit, bucket } of hash_vectors) {
      for (const other of ['', 'a', 'ab', 'abc', 'ünï', salt]) {
        const otherBucket = murmur3(`${other}:${unit}`) % BUCKETS;
        const pair = saltedPointPair(salt, other)(unit);
        assert.deepEqual([firstPoint(pair), secondPoint(pair)], [bucket, otherBucket], `${salt}, ${other}: ${unit}`);
        const turned = saltedPointPair(other, salt)(unit);
        assert.deepEqual(
          [firstPoint(turned), secondPoint(turned)],
          [otherBucket, bucket],
          `${other}, ${salt}: ${unit}`,
        );
      }
    }
  });

  test('orders of enrolment', () => {
    for (const vector of enrolment_vectors) {
      const isEnrolled = enrolmentOf(
        Experiment.fromPartial({
          enrolmentSalt: vector.enrolment_salt,
          reservedBuckets: vector.reserved_buckets.map(({ first, end }) => ({ first, end })),
          enrolledBucketCount: vector.enrolled_bucket_count,
        }),
      );
      const enrolled = Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter(isEnrolled);
      assert.deepEqual(enrolled, vector.enrolled_buckets);
    }
  });

  const compiled = new Map(
    Object.entries(rulesets).map(([name, json]) => [name, compileRuleset(Ruleset.fromJSON(json))]),
  );
  for (const each of cases) {
    test(each.name, () => {
      const ruleset = compiled.get(each.ruleset);
      assert.ok(ruleset, `there is no ruleset ${each.ruleset}`);
      assert.deepEqual(decide(ruleset, each), each.expected);
    });
  }
});

suite('rulesets that must be refused', () => {
  for (const { name, ruleset } of refused_rulesets) {
    test(name, () => {
      assert.throws(() => compileRuleset(Ruleset.fromJSON(ruleset)), InvalidRulesetError);
    });
  }
});

function decide(ruleset: CompiledRuleset, { flag_key, context, options }: ConformanceCase): ExpectedDecision {
  const nowMs = options?.now_ms;
  const evaluateOptions: EvaluateOptions = {
    ...(nowMs === undefined ? {} : { clock: () => nowMs }),
    isStale: options?.is_stale ?? false,
    hashedUserAs: (userId) => options?.hashed_user_as?.[userId],
  };
  const evaluation = ruleset.evaluate(flag_key, context, evaluateOptions);
  return {
    variant: evaluation.variant,
    value: evaluation.value ?? null,
    reason: evaluation.reason,
    experiment_key: evaluation.experimentKey,
    epoch: evaluation.epoch,
    unit_type: evaluation.unitType,
    unit_id: ruleset.unitIdOf(evaluation, context, evaluateOptions),
    error_code: evaluation.errorCode,
  };
}
