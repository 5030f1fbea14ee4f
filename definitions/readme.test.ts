import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import { InvalidDefinitionError, type DefinitionKind } from './definition.ts';
import { parseDefinitions } from './parse.ts';
import { validateDefinitions } from './validate.ts';

const README = readFileSync(repositoryFile('definitions/README.md'), 'utf8');
const KINDS: readonly DefinitionKind[] = ['experiment', 'metric', 'flag', 'segment', 'layer', 'holdout'];

test('every block of the reference is right, and they hang together', () => {
  const blocks = [...README.matchAll(/^```(?:yaml|json)\n(.*?)^```$/gms)];
  assert.ok(blocks.length >= 5);
  const definitions = blocks.flatMap(([, text = ''], index) => parseDefinitions(text, `block ${index + 1}`));
  assert.deepEqual(validateDefinitions(definitions, []), []);
  assert.deepEqual(new Set(definitions.map(({ kind }) => kind)), new Set(KINDS));
});

for (const kind of KINDS) {
  test(`the reference has every field of ${kind}`, () => {
    const section = README.split(/^## /m).find((part) => part.startsWith(`${kind}\n`)) ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` +\|/gm)].map(([, field]) => field);
    assert.deepEqual(new Set(['kind', 'key', 'owner', ...rows]), new Set(fieldsOf(kind)));
  });
}

/** As they are told where a field is not known. */
function fieldsOf(kind: DefinitionKind): readonly string[] {
  try {
    parseDefinitions(JSON.stringify({ kind, unknown_field: 1 }), 'x');
  } catch (error) {
    if (!(error instanceof InvalidDefinitionError)) throw error;
    const message = error.problems.find(({ path }) => path.includes('unknown_field'))?.message ?? '';
    return message.replace(/^.*the fields are /, '').split(', ');
  }
  throw new Error(`an unknown field of ${kind} was taken`);
}
