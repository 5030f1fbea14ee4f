import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import { compileRuleset } from './compile.ts';
import { InvalidRulesetError } from './evaluation.ts';
import { explain } from './explain.ts';
import type { ExplanationStep } from './explanation.ts';
import { contexts, evaluateOptions, rulesets } from './testing/ruleset-arbitrary.ts';

const flagKeys = fc.constantFrom('f1', 'f2', 'f3', 'unknown');

describe('explain', () => {
  it('agrees with the compiled ruleset, whatever the ruleset and the context', () => {
    const reasons = new Set<Reason>();
    const manyContexts = fc.array(fc.tuple(flagKeys, contexts, evaluateOptions), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(rulesets, manyContexts, (ruleset, cases) => {
        const compiled = compileRuleset(ruleset);
        for (const [flagKey, context, options] of cases) {
          const expected = compiled.evaluate(flagKey, context, options);
          assert.deepEqual(explain(ruleset, flagKey, context, options).evaluation, expected);
          reasons.add(expected.reason);
        }
      }),
      { numRuns: 600, seed: 11 },
    );
    const everyReason = Object.values(Reason).filter(
      (reason) => !['REASON_UNSPECIFIED', 'UNRECOGNIZED'].includes(reason),
    );
    assert.deepEqual([...reasons].sort(), everyReason.sort(), 'every reason was met');
  });

  it('ends in exactly one step that decides', () => {
    fc.assert(
      fc.property(rulesets, flagKeys, contexts, evaluateOptions, (ruleset, flagKey, context, options) => {
        const { steps } = explain(ruleset, flagKey, context, options);
        assert.equal(flatten(steps).filter(({ kind }) => kind === 'decides').length, 1);
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it('names the comparison that failed and the value that it met', () => {
    const { evaluation, steps } = explain(RULESET, 'upi_retry', { user: 'u1', region: 'TN' });
    assert.equal(evaluation.reason, Reason.REASON_DEFAULT);
    const texts = flatten(steps).map(({ kind, text }) => `${kind}: ${text}`);
    assert.ok(texts.includes('fails: region is one of "KA", "MH"; it is "TN"'), texts.join('\n'));
    assert.equal(texts.at(-1), 'decides: no rule decides: its control variant "off"');
  });

  it('says where the unit lies on the number lines', () => {
    const { evaluation, steps } = explain(RULESET, 'upi_retry', { user: 'u1', region: 'KA' });
    assert.equal(evaluation.reason, Reason.REASON_SPLIT);
    const texts = flatten(steps).map(({ text }) => text);
    assert.ok(texts.includes('the unit is user "u1"'), texts.join('\n'));
    assert.match(
      texts.join('\n'),
      /bucket [\d,]+ of layer payments is number [\d,]+ of 10,000 in the order of enrolment/,
    );
    assert.match(texts.join('\n'), /point [\d,]+ of 10,000 \(off 0 to 4,999, on 5,000 to 9,999\)/);
  });

  it('says which id stands in for a user', () => {
    const linked = explain(RULESET, 'upi_retry', { user: 'u1', region: 'KA' }, { hashedUserAs: () => 'd9' });
    assert.ok(
      flatten(linked.steps).some(({ text }) => text === 'the unit is device "d9", to which user "u1" is linked'),
    );
    const anonymous = explain(RULESET, 'upi_retry', { device: 'd9', region: 'KA' });
    assert.ok(flatten(anonymous.steps).some(({ text }) => text.startsWith('the unit is device "d9", because nobody')));
  });

  it('refuses a ruleset that SDKs would refuse', () => {
    const broken = Ruleset.fromPartial({ flags: [{ key: 'f', controlVariant: 'none' }] });
    assert.throws(() => explain(broken, 'f', {}), InvalidRulesetError);
  });
});

const RULESET = Ruleset.fromPartial({
  version: 3,
  layers: [{ key: 'payments', unitType: 'user', salt: 'payments-1' }],
  flags: [
    {
      key: 'upi_retry',
      valueType: 'VALUE_TYPE_BOOLEAN',
      variants: [
        { key: 'off', value: false },
        { key: 'on', value: true },
      ],
      controlVariant: 'off',
      enabled: true,
      rules: [{ key: 'experiment', outcome: { $case: 'experimentKey', value: 'upi_retry' } }],
    },
  ],
  experiments: [
    {
      key: 'upi_retry',
      flagKey: 'upi_retry',
      layerKey: 'payments',
      epoch: 1,
      status: 'EXPERIMENT_STATUS_RUNNING',
      variants: [
        { variant: 'off', weightBasisPoints: 5_000 },
        { variant: 'on', weightBasisPoints: 5_000 },
      ],
      variantSalt: 'v',
      enrolmentSalt: 'e',
      reservedBuckets: [{ first: 0, end: 10_000 }],
      enrolledBucketCount: 10_000,
      targeting: {
        kind: {
          $case: 'comparison',
          value: {
            attribute: 'region',
            operator: 'OPERATOR_IN',
            values: [{ kind: { $case: 'stringList', value: { values: ['KA', 'MH'] } } }],
          },
        },
      },
    },
  ],
});

function flatten(steps: readonly ExplanationStep[]): ExplanationStep[] {
  return steps.flatMap((step) => [step, ...flatten(step.steps)]);
}
