import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runUmpire } from '../cli/testing/test-platform.ts';
import { parseCausalQuestion } from '../definitions/causal-question.ts';
import { featureOf } from '../definitions/features.ts';
import { repositoryFile } from '../parts/repository-root.ts';

const page = readFileSync(repositoryFile('docs/causal.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';

test('the question of the page is one, and names features that there are', () => {
  const question = parseCausalQuestion(block('yaml'), 'docs/causal.md');
  for (const covariate of question.covariates) assert.ok(featureOf(covariate), covariate);
});

test('the command of the page gives an answer', async () => {
  const words = block('sh').replaceAll('\\\n', ' ').trim().split(/\s+/);
  assert.deepEqual(words.slice(0, 3), ['npx', 'umpire', 'ask']);
  const args = words.slice(2).map((word) => (word.startsWith('examples/') ? repositoryFile(word) : word));
  const { out, exitCode, err } = await runUmpire(args);
  assert.equal(exitCode, 0, err);
  assert.match(out, /FRAGILE/);
});
