import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import type { Definition } from './definition.ts';
import type { MetricDefinition } from './metric.ts';
import { parseDefinitions } from './parse.ts';
import { validateDefinitions } from './validate.ts';

const PAGE = readFileSync(repositoryFile('docs/metrics.md'), 'utf8');
const SECTIONS: Readonly<Record<string, MetricDefinition['type']>> = {
  Proportion: 'proportion',
  Count: 'count',
  Sum: 'sum',
  Mean: 'mean',
  Ratio: 'ratio',
  Quantile: 'quantile',
  Retention: 'retention',
  Funnel: 'funnel',
  'Count distinct': 'count_distinct',
};

function examplesIn(text: string): readonly Definition[] {
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block = ''], index) => parseDefinitions(block, `block ${index + 1}`));
}

const section = (title: string): string => PAGE.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

test('the examples of the page are right, and hang together', () => {
  const examples = examplesIn(PAGE);
  assert.ok(examples.length >= 14);
  assert.deepEqual(validateDefinitions(examples, []), []);
});

for (const [title, type] of Object.entries(SECTIONS)) {
  test(`the page shows a ${type}, alone or with others of its type`, () => {
    const examples = examplesIn(section(title));
    assert.ok(examples.length > 0);
    for (const example of examples) assert.equal(example.kind === 'metric' && example.type, type);
  });
}

test('the page has every type, and names no other', () => {
  const [header = ''] = PAGE.split(/^## /m);
  const named = [...header.matchAll(/^\|.*\| `(\w+)` +\|/gm)].map(([, type]) => type);
  assert.deepEqual(new Set(named), new Set(Object.values(SECTIONS)));
  const message = tellsTypes();
  for (const type of Object.values(SECTIONS)) assert.ok(message.includes(`"${type}"`));
  assert.equal(message.match(/"\w+"/g)?.length, named.length);
});

/** The types as they are told where one is not known. */
function tellsTypes(): string {
  try {
    parseDefinitions(JSON.stringify({ kind: 'metric', key: 'a', type: 1 }), 'x');
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return message.split('\n').find((line) => line.includes(': type ')) ?? '';
  }
  throw new Error('a type that is none was taken');
}
