import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Definition } from './definition.ts';
import { parseDefinitions } from './parse.ts';
import { validateDefinitions } from './validate.ts';

const metric = {
  kind: 'metric',
  key: 'orders',
  owner: 'o',
  type: 'count',
  event: 'ordered',
  window: '1h',
  goodDirection: 'increase',
};
const experiment = (key: string, fields: object = {}): object => ({
  kind: 'experiment',
  key,
  hypothesis: 'It helps.',
  owner: 'o',
  variants: [
    { key: 'control', value: false },
    { key: 'treatment', value: true },
  ],
  metrics: { primary: 'orders' },
  ramp: { stages: [{ percent: 50, hold: '7d' }] },
  ...fields,
});
const flag = (key: string, fields: object = {}): object => ({
  kind: 'flag',
  key,
  owner: 'o',
  type: 'boolean',
  variants: [
    { key: 'control', value: false },
    { key: 'treatment', value: true },
  ],
  ...fields,
});
const segment = (key: string, ...refersTo: readonly string[]): object => ({
  kind: 'segment',
  key,
  owner: 'o',
  when: { any: [{ attribute: `knows_${key}`, operator: 'exists' }, ...refersTo.map((other) => ({ segment: other }))] },
});

function read(...documents: readonly object[]): Definition[] {
  return documents.flatMap((document) => parseDefinitions(JSON.stringify(document), 'x'));
}

function problemsOf(documents: readonly object[], stored: readonly object[] = []): string[] {
  return validateDefinitions(read(...documents), read(...stored)).map(({ path, message }) => `${path}: ${message}`);
}

test('what a document names is defined with it or before', () => {
  assert.deepEqual(problemsOf([experiment('a')], [metric]), []);
  assert.deepEqual(problemsOf([experiment('a'), metric]), []);
  const documents = [
    experiment('a', {
      layer: 'shared',
      targeting: { not: { segment: 'nobody' } },
      metrics: { primary: 'order', secondary: ['x'], guardrails: [{ metric: 'y', margin: '2%' }] },
    }),
    flag('f', { rules: [{ key: 'r', when: { segment: 'someone' }, serve: { variant: 'control' } }] }),
    segment('s', 'ss'),
    { kind: 'holdout', key: 'h', owner: 'o', percent: 1, experiments: ['a', 'aa'] },
  ];
  assert.deepEqual(
    problemsOf(documents, [metric]),
    [
      'experiment a: targeting: there is no segment "nobody"; define it, in this file or before',
      'experiment a: metrics.primary: there is no metric "order" (did you mean "orders"?); define it, in this file or before',
      'experiment a: metrics.secondary[0]: there is no metric "x"; define it, in this file or before',
      'experiment a: metrics.guardrails[0].metric: there is no metric "y"; define it, in this file or before',
      'experiment a: layer: there is no layer "shared"; define it, in this file or before',
      'flag f: rules[0].when: there is no segment "someone"; define it, in this file or before',
      'segment s: when: there is no segment "ss" (did you mean "s"?); define it, in this file or before',
      'holdout h: experiments[1]: there is no experiment "aa" (did you mean "a"?); define it, in this file or before',
    ].sort(byKindAsStored),
  );
});

/** Problems come in the order of the documents' kinds: first those that were stored. */
function byKindAsStored(a: string, b: string): number {
  const order = ['metric', 'experiment', 'flag', 'segment', 'holdout'];
  return order.indexOf(a.split(' ')[0] ?? '') - order.indexOf(b.split(' ')[0] ?? '');
}

test('segments that refer to themselves are told once for each cycle', () => {
  assert.deepEqual(problemsOf([segment('a', 'b'), segment('b', 'c'), segment('c')]), []);
  assert.deepEqual(problemsOf([segment('self', 'self')]), [
    'segment self: when: refers to itself: self → self; take one of these references out',
  ]);
  assert.deepEqual(problemsOf([segment('c', 'a'), segment('a', 'b'), segment('b', 'c'), segment('d', 'a', 'd')]), [
    'segment a: when: refers to itself: a → b → c → a; take one of these references out',
    'segment d: when: refers to itself: d → d; take one of these references out',
  ]);
});

test('a cycle is found exactly where there is one', () => {
  const keys = Array.from({ length: 7 }, (_, index) => `s${index}`);
  const edges = fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(6)), { selector: String, maxLength: 14 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const after = (index: number): number[] => pairs.filter(([from]) => from === index).map(([, to]) => to);
      const documents = keys.map((key, index) => segment(key, ...after(index).map((to) => `s${to}`)));
      const reaches = (from: number, seen: Set<number> = new Set()): Set<number> => {
        for (const to of after(from)) if (!seen.has(to)) reaches(to, seen.add(to));
        return seen;
      };
      const isCyclic = keys.some((_, index) => reaches(index).has(index));
      assert.equal(problemsOf(documents).length > 0, isCyclic);
    }),
  );
});

test('segments refer to others through at most 16, and a chain of any length is told in good time', () => {
  const chain = (length: number): object[] =>
    Array.from({ length }, (_, index) => segment(`s${index}`, ...(index + 1 < length ? [`s${index + 1}`] : [])));
  assert.deepEqual(problemsOf(chain(16)), []);
  const tooLong = 'when: refers to others through more than 16 segments; write some of their conditions out';
  assert.deepEqual(problemsOf(chain(17)), [`segment s0: ${tooLong}`]);
  assert.deepEqual(problemsOf(chain(5_000)), [`segment s4983: ${tooLong}`]);
});

test('a layer splits by the unit of its experiments', () => {
  const layer = { kind: 'layer', key: 'devices', owner: 'o', unit: 'device' };
  assert.deepEqual(problemsOf([metric, layer, experiment('a', { layer: 'devices', unit: 'device' })]), []);
  assert.deepEqual(problemsOf([metric, layer, experiment('a', { layer: 'devices' })]), [
    'experiment a: layer: splits by device, the experiment by user; use a layer whose unit is user',
  ]);
});

test('an experiment and its flag agree on control, variants and values', () => {
  assert.deepEqual(problemsOf([metric, experiment('a', { flag: 'f' }), flag('f')]), []);
  const other = flag('f', {
    type: 'number',
    control: 'off',
    variants: [
      { key: 'off', value: 0 },
      { key: 'control', value: 1 },
    ],
  });
  assert.deepEqual(problemsOf([metric, experiment('a', { flag: 'f' }), other]), [
    'experiment a: control: is "control", but the flag\'s control is "off"; make them the same',
    'experiment a: variants[0].value: is not the value that the flag "f" has for "control" (1); make them the same',
    'experiment a: variants[1].key: the flag "f" has no variant "treatment"; it has off, control',
  ]);
});

test('two experiments share a flag only where it is defined', () => {
  const both = [experiment('a', { flag: 'f' }), experiment('b', { flag: 'f' })];
  assert.deepEqual(problemsOf([metric, flag('f'), ...both]), []);
  assert.deepEqual(problemsOf([metric, ...both]), [
    'experiment b: flag: "f" is used by the experiment "a" too; define the flag, so that both serve its variants',
  ]);
});

test('an experiment neither targets on nor reads by what its treatment can change, also through segments', () => {
  const affected = experiment('a', {
    affects: ['knows_inner', 'wallet_state'],
    targeting: { segment: 'outer' },
    segments: ['region', 'wallet_state'],
  });
  const why = 'which the treatment can change ("affects"), so it would select units by their outcome';
  assert.deepEqual(problemsOf([metric, segment('outer', 'inner'), segment('inner'), affected]), [
    `experiment a: targeting: reads "knows_inner", ${why}; target on what was known before`,
    `experiment a: segments[1]: reads results by "wallet_state", ${why}; leave it out`,
  ]);
});

test('a new document is checked with the stored ones that depend on it', () => {
  const stored = [metric, flag('f'), experiment('a', { flag: 'f' })];
  assert.deepEqual(problemsOf([flag('f', { control: 'treatment' })], stored), [
    'experiment a: control: is "control", but the flag\'s control is "treatment"; make them the same',
  ]);
});
