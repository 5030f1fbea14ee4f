import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import test from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import { InvalidDefinitionError, type Problem } from './definition.ts';
import { parseDefinitions } from './parse.ts';
import { validateDefinitions } from './validate.ts';

const EXAMPLES = repositoryFile('definitions/examples');

function problemsOf(text: string): readonly Problem[] {
  try {
    parseDefinitions(text, 'shop.yaml');
  } catch (error) {
    if (error instanceof InvalidDefinitionError) return error.problems;
    throw error;
  }
  return [];
}

test('the examples are right, by themselves and together', async () => {
  const names = await readdir(EXAMPLES);
  assert.ok(names.length >= 3);
  for (const name of names) {
    const definitions = parseDefinitions(await readFile(`${EXAMPLES}/${name}`, 'utf8'), name);
    assert.deepEqual(validateDefinitions(definitions, []), []);
  }
});

test('everything that is left out is filled in', () => {
  const text = `
kind: experiment
key: card
hypothesis: A larger card makes more users join.
owner: contests
variants: [{ key: control, value: list }, { key: wide, value: card }, { key: huge, value: poster }]
metrics: { primary: joins }
ramp: { stages: [{ percent: 10, hold: 1.5h }, { percent: 100, hold: 14d }] }
`;
  assert.deepEqual(parseDefinitions(text, 'card.yaml'), [
    {
      kind: 'experiment',
      key: 'card',
      hypothesis: 'A larger card makes more users join.',
      owner: 'contests',
      flag: 'card',
      unit: 'user',
      layer: 'card',
      variants: [
        { key: 'control', value: 'list', weightBasisPoints: 3_333 },
        { key: 'wide', value: 'card', weightBasisPoints: 3_333 },
        { key: 'huge', value: 'poster', weightBasisPoints: 3_334 },
      ],
      control: 'control',
      targeting: null,
      segments: [],
      affects: [],
      metrics: { primary: 'joins', secondary: [], guardrails: [] },
      stopping: { rule: 'always-valid', alpha: 0.05 },
      approval: { required: false },
      ramp: {
        stages: [
          { percent: 10, holdMs: 5_400_000 },
          { percent: 100, holdMs: 1_209_600_000 },
        ],
        calendar: null,
        blackouts: [],
      },
      runtime: { minimumMs: 604_800_000, maximumMs: 2_419_200_000 },
      holdback: { percent: 0, forMs: 0 },
    },
  ]);
});

test('JSON is read like YAML, also on one line and with several documents', () => {
  const layer = { kind: 'layer', key: 'payments', owner: 'payments' };
  const segment = {
    kind: 'segment',
    key: 's',
    owner: 'o',
    when: { attribute: 'a', operator: 'in', values: [1, true, 'x'] },
  };
  const expected = [{ ...layer, unit: 'user' }, segment];
  assert.deepEqual(parseDefinitions(`${JSON.stringify(layer)}\n---\n${JSON.stringify(segment)}`, 'x'), expected);
  assert.deepEqual(parseDefinitions(JSON.stringify(layer, null, 2), 'x'), expected.slice(0, 1));
});

test('a byte order mark, carriage returns and text beyond Latin are no matter', () => {
  const text = '\ufeffkind: layer\r\nkey: payments\r\nowner: भुगतान 💳\r\n';
  assert.deepEqual(parseDefinitions(text, 'x'), [{ kind: 'layer', key: 'payments', owner: 'भुगतान 💳', unit: 'user' }]);
});

test('all problems are told at once, each with its place and its remedy', () => {
  const text = `kind: layer
key: Payments
owner: payments
---
# a comment
kind: metric
key: joins
owner: contests
type: count
event: contest_joined
windw: 2h
goodDirection: up
---
kind: sgment
key: s
`;
  assert.deepEqual(problemsOf(text), [
    {
      path: 'layer Payments: key (shop.yaml:2:6)',
      message: 'is not a key; use a lower-case letter, then up to 63 lower-case letters, digits, "_" or "-"',
    },
    {
      path: 'metric joins: window (shop.yaml:6:1)',
      message: 'is missing; write a number and a unit, such as 500ms, 10s, 5m, 2h or 7d',
    },
    {
      path: 'metric joins: goodDirection (shop.yaml:12:16)',
      message: 'is not one of "increase", "decrease"; write one of them',
    },
    {
      path: 'metric joins: windw (shop.yaml:11:8)',
      message:
        'is not a field here (did you mean "window"?); the fields are kind, key, owner, description, type, event, property, where, steps, givenStep, quantile, denominator, window, from, cap, capPercentile, goodDirection, covariate, valueUnit',
    },
    {
      path: 'document s: kind (shop.yaml:14:7)',
      message:
        '"sgment" is not a kind (did you mean "segment"?); it is one of experiment, metric, flag, segment, layer, holdout',
    },
  ]);
});

test('places reach into lists and objects', () => {
  const text = `kind: flag
key: page
owner: shop
type: string
variants:
  - { key: control, value: classic }
  - key: fast
    value: 7
`;
  assert.deepEqual(problemsOf(text), [
    { path: 'flag page: variants[1].value (shop.yaml:8:12)', message: "is number, but the flag's type is string" },
  ]);
});

const UNREADABLE: readonly (readonly [name: string, text: string, path: string, message: RegExp])[] = [
  ['nothing', '', 'shop.yaml', /^holds no definition; write at least one document$/],
  ['only comments and separators', '# hello\n---\n---\n', 'shop.yaml', /^holds no definition/],
  ['bad indentation', 'kind: layer\n  key: x\n', 'shop.yaml:1:7', /^is not YAML: /],
  ['a field given twice', 'kind: layer\nkey: a\nkey: b\n', 'shop.yaml:3:1', /^"key" is given twice; keep one$/],
  ['an unknown tag', 'kind: !secret layer\nkey: a\nowner: o\n', 'shop.yaml:1:7', /Unresolved tag/],
  ['an alias of nothing', 'kind: *nothing\n', 'shop.yaml:1:1', /Unresolved alias/],
  [
    'a list',
    '- kind: layer\n',
    'document (shop.yaml:1:1)',
    /^is not a definition; write fields, beginning with "kind"$/,
  ],
  ['a text', 'hello', 'document (shop.yaml:1:1)', /^is not a definition/],
  ['no kind', 'key: x\n', 'document x: kind (shop.yaml:1:1)', /^is missing; it is one of experiment, /],
  [
    'the same document twice',
    'kind: layer\nkey: a\nowner: o\n---\nkind: layer\nkey: a\nowner: o\n',
    'layer a (shop.yaml:5:1)',
    /^is defined twice; keep one$/,
  ],
];

for (const [name, text, path, message] of UNREADABLE) {
  test(`${name} is a problem with a place`, () => {
    const [problem] = problemsOf(text);
    assert.equal(problem?.path, path);
    assert.match(problem.message, message);
  });
}

test('an alias bomb and a document beyond four million characters are refused without being read', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const inner =
      level === 0 ? '[x, x, x, x, x, x, x, x, x]' : `[${Array.from({ length: 9 }, () => `*l${level - 1}`).join(', ')}]`;
    return `l${level}: &l${level} ${inner}`;
  });
  assert.match(problemsOf(levels.join('\n'))[0]?.message ?? '', /cannot be read as YAML: .*alias/);
  assert.match(problemsOf(' '.repeat(4_000_001))[0]?.message ?? '', /is longer than 4000000 characters; split it/);
});
