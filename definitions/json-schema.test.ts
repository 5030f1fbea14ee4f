import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { format, resolveConfig } from 'prettier';
import { repositoryFile } from '../parts/repository-root.ts';
import { InvalidDefinitionError } from './definition.ts';
import { definitionsJsonSchema } from './json-schema.ts';
import { parseWarehouseSource } from './parse-warehouse-source.ts';
import { parseDefinitions } from './parse.ts';
import { meaningsOfDocs } from './testing/meanings.ts';
import { mutation } from './testing/mutations.ts';
import { readYaml } from './yaml.ts';

const FILE = repositoryFile('definitions/umpire.schema.json');
const MODELINE = /^# yaml-language-server: \$schema=(.*)$/m;
const isValid = new Ajv({ allErrors: true, strict: false }).compile(definitionsJsonSchema(meaningsOfDocs()));

test('the committed schema is the one of today', async () => {
  const json = JSON.stringify(definitionsJsonSchema(meaningsOfDocs()));
  const text = await format(json, { ...(await resolveConfig(FILE)), parser: 'json' });
  if (process.env['UMPIRE_UPDATE_SNAPSHOTS'] === '1') writeFileSync(FILE, text);
  const committed = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  assert.equal(committed, text, 'UMPIRE_UPDATE_SNAPSHOTS=1 writes it anew');
});

function schemaTakes(document: unknown): boolean {
  return isValid(document);
}

/** Whether the parser takes the text: definitions, or a warehouse. */
function parserTakes(text: string): boolean {
  try {
    if (text.includes('kind: warehouse_source')) parseWarehouseSource(text, 'x');
    else parseDefinitions(text, 'x');
    return true;
  } catch (error) {
    if (error instanceof InvalidDefinitionError) return false;
    throw error;
  }
}

const examples = ['definitions/examples', 'examples/fantasy-league/definitions', 'examples/existing-warehouse'].flatMap(
  (folder) =>
    readdirSync(repositoryFile(folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => repositoryFile(path.join(folder, name))),
);
const blocks = ['definitions/README.md', 'docs/connect.md', 'docs/metrics.md'].flatMap((page) =>
  [...readFileSync(repositoryFile(page), 'utf8').matchAll(/^```(?:yaml|json)\n(.*?)^```$/gms)].map(
    ([, text = '']) => text,
  ),
);
const texts = [...examples.map((file) => readFileSync(file, 'utf8')), ...blocks];

test('every document of an example names the schema, for editors, and fits it', () => {
  assert.ok(examples.length >= 9);
  for (const file of examples) {
    const documents = readFileSync(file, 'utf8').split(/^---$/m);
    for (const text of documents) {
      const [, schema = ''] = MODELINE.exec(text) ?? [];
      assert.equal(path.resolve(path.dirname(file), schema), FILE, `${file}: ${text.slice(0, 80)}`);
    }
  }
});

test('the documents of the examples and of the docs fit it', () => {
  for (const text of texts) {
    for (const { value } of readYaml(text, 'x').documents)
      assert.ok(schemaTakes(value), `${JSON.stringify(isValid.errors)}\n${text}`);
  }
});

test('it takes whatever the parser takes', () => {
  let takenCount = 0;
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(mutation, { minLength: 1, maxLength: 2 }), (text, mutations) => {
      const mutated = mutations.reduce((soFar, mutate) => mutate(soFar), text);
      if (!parserTakes(mutated)) return;
      takenCount += 1;
      for (const { value } of readYaml(mutated, 'x').documents)
        assert.ok(schemaTakes(value), `${JSON.stringify(isValid.errors)}\n${mutated}`);
    }),
    { numRuns: 1_000, seed: 7 },
  );
  assert.ok(takenCount > 100);
});

const TYPES = ['proportion', 'count', 'sum', 'retention', 'count_distinct', 'ratio', 'mean', 'funnel', 'quantile'];
const OWN_FIELDS: Readonly<Record<string, unknown>> = {
  property: 'amount',
  steps: [{ event: 'b' }, { event: 'c' }],
  givenStep: 1,
  quantile: 0.9,
  denominator: { event: 'b' },
  from: '1d',
  cap: 10,
  capPercentile: 99,
};

test('of each type of metric it wants and refuses the fields that the parser does', () => {
  const base = { kind: 'metric', key: 'm', owner: 'o', event: 'a', window: '7d', goodDirection: 'increase' };
  const names = Object.keys(OWN_FIELDS);
  let takenCount = 0;
  for (const type of TYPES) {
    for (let chosen = 0; chosen < 2 ** names.length; chosen += 1) {
      const own = names.filter((_, index) => (chosen >> index) % 2 === 1);
      // A rule between two fields, which the schema does not know.
      if (own.includes('cap') && own.includes('capPercentile')) continue;
      const document = { ...base, type, ...Object.fromEntries(own.map((name) => [name, OWN_FIELDS[name]])) };
      const isTaken = parserTakes(JSON.stringify(document));
      assert.equal(schemaTakes(document), isTaken, JSON.stringify(document));
      takenCount += isTaken ? 1 : 0;
    }
  }
  assert.equal(takenCount, 1 + 3 + 3 + 1 + 1 + 2 + 1 + 2 + 1);
});

const WRONG: readonly (readonly [what: string, kind: string, fields: Readonly<Record<string, unknown>>])[] = [
  ['a kind that there is not', 'metrics', {}],
  ['an unknown field', 'layer', { weight: 1 }],
  ['a key with a capital', 'layer', { key: 'Payments' }],
  ['a duration in words', 'metric', { type: 'count', event: 'a', window: '7 days', goodDirection: 'increase' }],
  ['a direction that is none', 'metric', { type: 'count', event: 'a', window: '7d', goodDirection: 'up' }],
  ['a comparison without a value', 'segment', { when: { attribute: 'os', operator: 'equals' } }],
  ['two values of one comparison', 'segment', { when: { attribute: 'os', operator: 'equals', values: ['a', 'b'] } }],
  ['a number where text is compared', 'segment', { when: { attribute: 'os', operator: 'contains', value: 7 } }],
  ['a value of nothing', 'segment', { when: { attribute: 'os', operator: 'exists', value: 7 } }],
  ['a wrong condition far inside', 'segment', { when: { all: [{ not: { any: [{ segmnt: 'a' }] } }] } }],
  ['a share above all', 'holdout', { percent: 101 }],
];
for (const [what, kind, fields] of WRONG) {
  test(`it refuses, as the parser does, ${what}`, () => {
    const document = { kind, key: 'a', owner: 'b', ...fields };
    assert.equal(parserTakes(JSON.stringify(document)), false);
    assert.equal(schemaTakes(document), false);
  });
}
