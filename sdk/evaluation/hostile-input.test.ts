import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import { compileRuleset, type CompiledRuleset } from './compile.ts';
import { InvalidRulesetError, type EvaluationContext } from './evaluation.ts';
import { contexts, evaluateOptions, rulesets } from './testing/ruleset-arbitrary.ts';

const FLAGS = ['f1', 'f2', 'f3', 'of_no_flag', '__proto__', ''];

suite('hostile input', () => {
  test('bytes changed anywhere in a ruleset: refused by name, or it decides', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rulesets, changes, contexts, (ruleset, edits, context) => {
        const bytes = Ruleset.encode(ruleset).finish();
        for (const [place, value] of edits) bytes[place % bytes.length] = value;
        const decoded = decode(bytes);
        if (decoded !== null) compileAndDecide(decoded, context);
      }),
      { numRuns: 3_000 },
    );
  });

  test('values of any kind anywhere in a ruleset: refused by name, or it decides', () => {
    const values = fc.oneof(
      fc.constantFrom<unknown>(-1, 0.5, NaN, Infinity, 2 ** 40, '', 'x', null, [], {}, true, [null]),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const edits = fc.array(fc.tuple(fc.nat(), values), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(rulesets, edits, contexts, (ruleset, changes, context) => {
        const json = structuredClone(Ruleset.toJSON(ruleset));
        for (const [place, value] of changes) replaceSomewhere(json, place, value);
        const parsed = parse(json);
        if (parsed !== null) compileAndDecide(parsed, context);
      }),
      { numRuns: 3_000 },
    );
  });

  test('contexts of any kind get a decision or a named error', () => {
    const anyContext = fc.oneof(
      fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true, withSparseArray: true }),
      fc.dictionary(
        fc.constantFrom('user', 'device', 'region', 'app_version', 'signed_up', 'tags', '__proto__', 'constructor'),
        fc.anything({ withDate: true, withBigInt: true, withTypedArray: true }),
      ),
    );
    fc.assert(
      fc.property(
        rulesets,
        evaluateOptions,
        fc.array(anyContext, { minLength: 4, maxLength: 8 }),
        (ruleset, options, many) => {
          const compiled = compileRuleset(ruleset);
          for (const context of many) {
            for (const flagKey of FLAGS) {
              // What a caller without types may give.
              const evaluation = compiled.evaluate(flagKey, context as EvaluationContext, options);
              assert.equal(
                evaluation.errorCode !== ErrorCode.ERROR_CODE_UNSPECIFIED,
                evaluation.reason === Reason.REASON_ERROR,
              );
              assert.equal(evaluation.reason === Reason.REASON_ERROR, evaluation.variant === null);
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('contexts that throw when they are read', () => {
    const [ruleset] = fc.sample(rulesets, 1);
    assert.ok(ruleset);
    const compiled = compileRuleset(Ruleset.fromPartial({ ...ruleset, kills: [] }));
    const thrown = [new Error('no'), 'no', null, Object.create(null), Symbol('no')];
    for (const what of thrown) {
      const context = new Proxy<EvaluationContext>(
        {},
        {
          get: () => {
            throw what;
          },
        },
      );
      for (const flagKey of FLAGS) assert.doesNotThrow(() => compiled.evaluate(flagKey, context));
    }
  });

  test('conditions and values without end are refused, not run into', () => {
    const nested = (depth: number): string =>
      `${'{"not":'.repeat(depth)}{"comparison":{"attribute":"a","operator":"OPERATOR_EXISTS"}}${'}'.repeat(depth)}`;
    for (const depth of [65, 1_000, 2_000]) {
      const ruleset = Ruleset.fromJSON({ segments: [{ key: 's', condition: JSON.parse(nested(depth)) as unknown }] });
      assert.throws(() => compileRuleset(ruleset), InvalidRulesetError);
    }
    const chain = Array.from({ length: 5_000 }, (_, number) => ({
      key: `s${number}`,
      condition: { segmentKey: `s${number + 1}` },
    }));
    assert.throws(() => compileRuleset(Ruleset.fromJSON({ segments: chain })), InvalidRulesetError);
    assert.throws(() => compileRuleset(Ruleset.fromJSON({ segments: chain.reverse() })), InvalidRulesetError);
  });
});

/** `null` where the bytes are no ruleset at all, which gRPC refuses before the SDK sees it. */
function decode(bytes: Uint8Array): Ruleset | null {
  try {
    return Ruleset.decode(bytes);
  } catch (error) {
    assert.ok(error instanceof Error);
    return null;
  }
}

function parse(json: unknown): Ruleset | null {
  try {
    return Ruleset.fromJSON(json);
  } catch (error) {
    assert.ok(error instanceof Error);
    return null;
  }
}

function compileAndDecide(ruleset: Ruleset, context: EvaluationContext): void {
  let compiled: CompiledRuleset;
  try {
    compiled = compileRuleset(ruleset);
  } catch (error) {
    assert.ok(error instanceof InvalidRulesetError, `threw ${String(error)}`);
    assert.ok(error.problems.length > 0);
    return;
  }
  for (const flag of [...ruleset.flags.map(({ key }) => key), 'of_no_flag']) {
    const { variant, reason, value } = compiled.evaluate(flag, context);
    if (reason === Reason.REASON_ERROR) continue;
    const found = ruleset.flags.find(({ key }) => key === flag)?.variants.find(({ key }) => key === variant);
    assert.ok(found, `flag ${flag} served "${variant}", which it does not have`);
    assert.deepEqual(value, found.value);
  }
}

/** Replaces one of the values in a JSON document, chosen by a number. */
function replaceSomewhere(json: unknown, place: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk(child);
    }
  };
  walk(json);
  const chosen = places[place % Math.max(1, places.length)];
  if (chosen !== undefined) chosen[0][chosen[1]] = value;
}
