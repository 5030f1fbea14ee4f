import assert from 'node:assert/strict';
import test from 'node:test';
import { compileRuleset } from '@third-umpire/sdk';
import fc from 'fast-check';
import { InvalidDefinitionError, type Definition } from '../../definitions/definition.ts';
import { parseDefinitions } from '../../definitions/parse.ts';
import { draftState } from '../experiment-state.ts';
import { applyTransition } from '../lifecycle.ts';
import { buildRuleset } from './build-ruleset.ts';

// What definitions accept, SDKs take: the two check conditions and values with code of their own.

const OPERATORS = [
  'equals',
  'not_equals',
  'in',
  'not_in',
  'less_than',
  'less_than_or_equal',
  'greater_than',
  'greater_than_or_equal',
  'semver_equals',
  'semver_less_than',
  'semver_less_than_or_equal',
  'semver_greater_than',
  'semver_greater_than_or_equal',
  'before',
  'after',
  'contains',
  'starts_with',
  'ends_with',
  'exists',
  'not_exists',
];
const digits = fc.stringMatching(/^\d{1,20}$/);
const scalar = fc.oneof(
  fc.constantFrom(
    '7.2.0',
    '1.0.0-rc.1+build',
    '1.0.0-',
    '2026-02-30',
    '2026-02-28T24:00Z',
    '2026-03-01T19:30:00.123456789+05:30',
    '2026-03-01',
  ),
  fc.tuple(digits, digits, digits).map((parts) => parts.join('.')),
  fc.stringMatching(/^\d\.\d\.\d-[0-9a-z.-]{1,8}$/),
  fc.stringMatching(/^20\d\d-[01]\d-[0-3]\d(T[0-2]\d:[0-6]\d(:[0-6]\d)?(Z|[+-]\d\d:\d\d))?$/),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
);
const comparison = fc.record(
  { attribute: fc.constantFrom('a', 'b.c'), operator: fc.constantFrom(...OPERATORS), value: scalar },
  { requiredKeys: ['attribute', 'operator'] },
);
const { condition } = fc.letrec<{ condition: unknown }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.record({
      attribute: fc.constant('a'),
      operator: fc.constantFrom('in', 'contains'),
      values: fc.array(scalar, { maxLength: 3 }),
    }),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie('condition').map((not) => ({ not })),
    fc.constant({ segment: 's' }),
  ),
}));
const json = fc.jsonValue({ maxDepth: 3 });

function definitionsOf(
  when: unknown,
  values: readonly unknown[],
  weights: readonly [number, number],
): readonly Definition[] {
  const variants = values.map((value, index) => ({ key: index === 0 ? 'control' : `v${index}`, value }));
  const [first, second] = weights;
  const weighed = variants.map((variant, index) => ({ ...variant, weight: index === 0 ? first : second }));
  const documents = [
    { kind: 'segment', key: 's', owner: 'o', when: { attribute: 'x', operator: 'exists' } },
    {
      kind: 'flag',
      key: 'f',
      owner: 'o',
      type: 'json',
      variants,
      rules: [
        { key: 'r', when, serve: { variant: 'v1' } },
        {
          key: 'q',
          when,
          serve: { rollout: { weights: weighed.map(({ key, weight }) => ({ variant: key, weight })) } },
        },
      ],
    },
    {
      kind: 'experiment',
      key: 'e',
      hypothesis: 'h',
      owner: 'o',
      variants: weighed,
      targeting: when,
      metrics: { primary: 'm' },
      ramp: { stages: [{ percent: first, hold: '1d' }] },
    },
  ];
  return parseDefinitions(documents.map((document) => JSON.stringify(document)).join('\n---\n'), 'x');
}

test('whatever definitions accept makes a ruleset that compiles and decides', (t) => {
  let acceptedCount = 0;
  const weight = fc
    .integer({ min: 1, max: 9_999 })
    .map((points): [number, number] => [points / 100, (10_000 - points) / 100]);
  fc.assert(
    fc.property(condition, fc.tuple(json, json), weight, (when, values, weights) => {
      let definitions: readonly Definition[];
      try {
        definitions = definitionsOf(when, values, weights);
      } catch (error) {
        assert.ok(error instanceof InvalidDefinitionError, String(error));
        return;
      }
      acceptedCount++;
      const experiments = definitions.flatMap((definition) => {
        if (definition.kind !== 'experiment') return [];
        const context = { definition, reservations: [], reason: 'a test', nowMs: 0 };
        const state = applyTransition(draftState('e', 1, 'new'), { to: 'started', definitionVersion: 1 }, context);
        return [{ state, definition }];
      });
      const ruleset = buildRuleset({ version: 1, publishedAtMs: 0, definitions, experiments, kills: [] });
      const compiled = compileRuleset(ruleset);
      for (const key of ['f', 'e']) assert.notEqual(compiled.evaluate(key, { user: 'u', a: '7.2.0' }).variant, null);
    }),
    { numRuns: 1_500 },
  );
  t.diagnostic(`${acceptedCount} of 1500 were accepted`);
  assert.ok(acceptedCount > 100);
});
