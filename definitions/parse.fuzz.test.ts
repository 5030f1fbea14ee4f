import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../parts/repository-root.ts';
import { InvalidDefinitionError, type Definition } from './definition.ts';
import { parseDefinitions } from './parse.ts';
import { canonicalJson } from './serialize.ts';
import { mutation, nasty } from './testing/mutations.ts';
import { validateDefinitions } from './validate.ts';

// Whatever is written ends in definitions or in an InvalidDefinitionError: never in another error, never in none of both.

const SEED = 2026;
const TIMEOUT_MS = 120_000;

const EXAMPLES = readdirSync(repositoryFile('definitions/examples')).map((name) =>
  readFileSync(repositoryFile(`definitions/examples/${name}`), 'utf8'),
);

function readOrRefuse(text: string): readonly Definition[] {
  try {
    return parseDefinitions(text, 'fuzz');
  } catch (error) {
    if (!(error instanceof InvalidDefinitionError)) throw error;
    assert.ok(error.problems.length > 0);
    for (const { path, message } of error.problems) assert.ok(path !== '' && message !== '');
    return [];
  }
}

/** What was read is whole: it can be checked with others, stored as JSON and read back. */
function assertSound(definitions: readonly Definition[]): void {
  for (const { path, message } of validateDefinitions(definitions, [])) assert.ok(path !== '' && message !== '');
  for (const definition of definitions) {
    const restored: unknown = JSON.parse(JSON.stringify(definition));
    assert.deepEqual(restored, definition);
    assert.equal(canonicalJson(restored), canonicalJson(definition));
  }
}

function survive(texts: fc.Arbitrary<string>, numRuns: number): { readonly readCount: number } {
  let readCount = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const definitions = readOrRefuse(text);
      if (definitions.length > 0) readCount++;
      assertSound(definitions);
    }),
    { numRuns, seed: SEED },
  );
  return { readCount };
}

test('thousands of mutated definitions', { timeout: TIMEOUT_MS }, (t) => {
  const mutated = fc
    .tuple(fc.constantFrom(...EXAMPLES), fc.array(mutation, { minLength: 1, maxLength: 5 }))
    .map(([text, mutations]) => mutations.reduce((changed, mutate) => mutate(changed), text));
  const { readCount } = survive(mutated, 2_000);
  t.diagnostic(`${readCount} of 2000 were still definitions`);
  assert.ok(readCount > 50 && readCount < 1_900);
});

test('thousands of documents with the right fields and the wrong values', { timeout: TIMEOUT_MS }, () => {
  const names = [...new Set(EXAMPLES.flatMap((text) => text.match(/\w+(?=:)/g) ?? []))];
  const kinds = ['experiment', 'metric', 'flag', 'segment', 'layer', 'holdout'];
  const scalar = fc.oneof(
    nasty,
    fc.constantFrom('equals', 'user', 'control', '1h', '7d', 'Asia/Kolkata', '2%', 'always-valid', 'boolean'),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary' }),
  );
  const name = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: nasty });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const document = fc
    .tuple(fc.constantFrom(...kinds), fc.dictionary(name, value, { maxKeys: 12 }))
    .map(([kind, fields]) => JSON.stringify({ key: 'k', owner: 'o', ...fields, kind }));
  survive(document, 2_000);
});

test('thousands of random texts', { timeout: TIMEOUT_MS }, () => {
  const words = fc.array(fc.oneof(nasty, fc.constantFrom('\n', ' ', '  ', ': ', 'a', 'kind: layer\n')), {
    maxLength: 30,
  });
  survive(
    words.map((parts) => parts.join('')),
    1_500,
  );
  survive(fc.string({ unit: 'binary', maxLength: 200 }), 1_500);
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'));
  survive(bytes, 500);
});

const COUNT = 20_000;
const numbered = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** Each took down an earlier version, or a reader of YAML somewhere. */
const BOMBS: Readonly<Record<string, string>> = {
  'lists in lists, flow style': '['.repeat(COUNT),
  'lists in lists, block style': '- '.repeat(COUNT),
  'objects in objects': '{a: '.repeat(COUNT),
  'JSON in JSON': `${'{"a":'.repeat(COUNT)}1${'}'.repeat(COUNT)}`,
  'keys in keys': '? '.repeat(COUNT),
  'ever deeper indentation': numbered(1_000, (index) => `${' '.repeat(index)}a:`),
  quotes: '"'.repeat(COUNT),
  tags: '!a '.repeat(COUNT),
  anchors: '&a '.repeat(COUNT),
  separators: '---\n'.repeat(COUNT),
  directives: '%YAML 1.1\n'.repeat(COUNT),
  'one field many times': 'a: 1\n'.repeat(COUNT),
  'many unknown fields': `kind: layer\n${numbered(COUNT, (index) => `k${index}: 1`)}`,
  'many anchors and aliases': `${numbered(COUNT, (index) => `a${index}: &x${index} [1]`)}\n${numbered(COUNT, (index) => `b${index}: *x${index}`)}`,
  'a list that holds itself':
    'kind: flag\nkey: a\nowner: o\ntype: json\nvariants: [{ key: control, value: &a [*a] }]\n',
  'a kind that holds itself': 'kind: &a { b: *a }\n',
  'an alias bomb': `a: &a [x, x, x, x]\n${numbered(30, (index) => `b${index}: &b${index} [${Array.from({ length: 9 }, () => (index === 0 ? '*a' : `*b${index - 1}`)).join(', ')}]`)}`,
  'a long list of names': `kind: holdout\nkey: a\nowner: o\npercent: 1\nexperiments: [${numbered(COUNT, (index) => `  e${index},`)}]`,
  'a long list of rules': `kind: flag\nkey: a\nowner: o\ntype: json\nvariants:\n${numbered(COUNT, (index) => `  - { key: v${index}, value: 1 }`)}`,
  'a large number': `kind: layer\nkey: ${'9'.repeat(COUNT)}`,
  'a long text': `kind: layer\nkey: "${'\\u0041'.repeat(COUNT)}"`,
};

for (const [name, text] of Object.entries(BOMBS)) {
  test(`a bomb of ${name} is refused`, { timeout: TIMEOUT_MS }, () => {
    assert.deepEqual(readOrRefuse(text), []);
  });
}

test('names of the prototype are fields like any other', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const text = `kind: layer\nkey: a\nowner: o\n${name}: { unit: device }\n`;
    assert.throws(() => parseDefinitions(text, 'x'), new RegExp(`layer a: ${name} .*is not a field here`));
    const value = `kind: flag\nkey: a\nowner: o\ntype: json\nvariants: [{ key: control, value: { ${name}: 1 } }]\n`;
    if (name === '__proto__') assert.throws(() => parseDefinitions(value, 'x'), /has a field __proto__; rename it/);
    else assert.equal(parseDefinitions(value, 'x').length, 1);
  }
  assert.equal(Object.hasOwn(Object.prototype, 'unit'), false);
});
