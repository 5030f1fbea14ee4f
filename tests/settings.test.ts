import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { SETTING_NAMES } from '../main/configuration.ts';
import { repositoryFile } from '../parts/repository-root.ts';

const NAME = /\b(?:(?:UMPIRE|TEMPORAL|KAFKA|BIGQUERY|DATABASE)_[A-Z][A-Z_]*[A-Z])\b/g;

test('docs/settings.md lists every setting once, and none that is not there', () => {
  const rows = readFileSync(repositoryFile('docs/settings.md'), 'utf8')
    .split('\n')
    .flatMap((line) => /^\| `([A-Z_]+)`/.exec(line)?.[1] ?? []);
  assert.deepEqual(
    SETTING_NAMES.filter((name) => !rows.includes(name)),
    [],
    'settings without a row: add one to docs/settings.md',
  );
  assert.deepEqual(
    rows.filter((name, index) => !SETTING_NAMES.includes(name) || rows.indexOf(name) !== index),
    [],
    'rows that no code reads, or a second time',
  );
});

test('no page speaks of a setting that no code reads', () => {
  // Tests have settings of their own, which they read themselves.
  const read = new Set([
    ...SETTING_NAMES,
    ...namesIn('tests/*.ts', '*.test.ts', '*.mjs', '*/testing/*.ts').map(({ name }) => name),
  ]);
  assert.deepEqual(
    namesIn('*.md').filter(({ name }) => !read.has(name)),
    [],
  );
});

function namesIn(...patterns: readonly string[]): { readonly file: string; readonly name: string }[] {
  const listed = execFileSync('git', ['ls-files', '--', ...patterns], { cwd: repositoryFile('.'), encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((file) => file !== '' && existsSync(repositoryFile(file)))
    .flatMap((file) =>
      [...readFileSync(repositoryFile(file), 'utf8').matchAll(NAME)].map(([name]) => ({ file, name })),
    );
}
