import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseDefinitions } from '../definitions/parse.ts';
import { repositoryFile } from '../parts/repository-root.ts';

const readme = readFileSync(repositoryFile('README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text]) =>
    name === language && text !== undefined ? [text] : [],
  );
}

test("the SDK's ten lines are a file that is compiled with everything else", () => {
  const [snippet, ...others] = blocks('ts');
  assert.equal(others.length, 0);
  assert.equal(snippet, readFileSync(repositoryFile('examples/deposit-service.ts'), 'utf8'));
});

test('the definitions are ones that the platform takes', () => {
  const texts = blocks('yaml');
  assert.ok(texts.length > 0);
  for (const text of texts) assert.ok(parseDefinitions(text, 'README.md').length > 0);
});

test('every npm command is a script, and every link to a file leads to one', () => {
  const { scripts } = JSON.parse(readFileSync(repositoryFile('package.json'), 'utf8')) as { scripts: object };
  for (const [, name] of readme.matchAll(/npm (?:run )?(demo|test|check|bench|build|\w+)\b/g)) {
    assert.ok(name !== undefined && (name in scripts || name === 'ci' || name === 'run'), `npm ${name}`);
  }
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    assert.ok(existsSync(path.join(repositoryFile('.'), target ?? '')), target);
  }
});

test('the output that is shown is a real one', () => {
  const [output] = blocks('');
  for (const text of ['upi_retry', 'wallet_prompt', 'contest_card', 'SDKs serving control', 're78']) {
    assert.ok(output?.includes(text), `the README's demo output tells of ${text}`);
  }
});
