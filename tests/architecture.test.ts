import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import ts from 'typescript';
import { repositoryFile } from '../parts/repository-root.ts';

/** What each folder may import: `uses` in full, `knows` only types of. Tests may import anything. Imports point towards purer folders. */
const MAY_IMPORT: Readonly<Record<string, { readonly uses: readonly string[]; readonly knows?: readonly string[] }>> = {
  definitions: { uses: [] },
  estimators: { uses: [] },
  parts: { uses: [] },
  'payload-codec': { uses: [] },
  sdk: { uses: ['gen'] },
  'event-bus': { uses: ['gen'] },
  warehouse: { uses: ['event-bus'] },
  'warehouse-sql': { uses: ['definitions'], knows: ['warehouse'] },
  scorecard: { uses: ['definitions', 'estimators'], knows: ['control-store'] },
  'control-store': { uses: ['definitions', 'gen', 'sdk'], knows: ['scorecard'] },
  'live-monitor': { uses: ['estimators', 'event-bus', 'scorecard'], knows: ['control-store', 'definitions'] },
  'grpc-services': { uses: ['control-store', 'definitions', 'event-bus', 'gen', 'sdk'] },
  judge: { uses: ['definitions', 'estimators', 'scorecard', 'warehouse-sql'], knows: ['causal', 'warehouse'] },
  connect: {
    uses: ['definitions', 'judge', 'warehouse', 'warehouse-sql'],
    knows: ['scorecard'],
  },
  activities: {
    uses: ['causal', 'definitions', 'judge', 'scorecard', 'warehouse-sql'],
    knows: ['control-store', 'warehouse'],
  },
  workflows: { uses: ['control-store'], knows: ['activities', 'definitions', 'grpc-services', 'scorecard'] },
  'report-page': { uses: [] },
  causal: { uses: ['estimators', 'report-page'] },
  analyze: { uses: ['causal', 'definitions', 'estimators', 'report-page', 'warehouse', 'warehouse-sql'] },
  main: {
    uses: [
      'activities',
      'control-store',
      'event-bus',
      'grpc-services',
      'judge',
      'live-monitor',
      'parts',
      'payload-codec',
      'warehouse',
      'warehouse-sql',
      'workflows',
    ],
  },
  cli: {
    uses: [
      'analyze',
      'causal',
      'connect',
      'control-store',
      'definitions',
      'event-bus',
      'examples',
      'gen',
      'judge',
      'main',
      'parts',
      'sdk',
    ],
    knows: ['estimators', 'scorecard'],
  },
  calibration: { uses: ['estimators', 'parts'] },
  examples: { uses: ['analyze', 'estimators', 'gen', 'main', 'parts', 'sdk'], knows: ['event-bus', 'scorecard'] },
  bench: {
    uses: [
      'control-store',
      'definitions',
      'estimators',
      'event-bus',
      'gen',
      'grpc-services',
      'judge',
      'parts',
      'sdk',
      'warehouse',
      'warehouse-sql',
    ],
  },
};

/**
 * Same input, same output: clocks and dice are handed in, by the entry points (`*-main.ts`) and by the client's defaults. A deadline of
 * gRPC is a time of the machine, and in workflows Temporal replaces the clock and the dice by repeatable ones.
 */
const DETERMINISTIC = ['sdk', 'estimators', 'causal', 'scorecard', 'examples', 'definitions', 'warehouse-sql'];
const HANDS_THEM_IN = /(^sdk\/client\/(options|deadline)\.ts|-main\.ts)$/;

/** They say nothing of what they hold, so everything ends up in them. */
const NAMELESS_FOLDERS = ['utils', 'util', 'common', 'shared', 'helpers', 'misc', 'lib'];

const MAX_LINES = 250;
const MAX_TEST_LINES = 300;

interface SourceFile {
  readonly file: string;
  readonly folder: string;
  readonly isTest: boolean;
  readonly text: string;
}

const sources = readSources();

test('imports point towards purer folders', () => {
  const wrong: string[] = [];
  for (const source of sources.filter(({ isTest }) => !isTest)) {
    const rule = MAY_IMPORT[source.folder];
    if (rule === undefined) continue;
    for (const { target, isTypeOnly, line } of importsOf(source)) {
      if (target === source.folder || rule.uses.includes(target)) continue;
      if (isTypeOnly && rule.knows?.includes(target) === true) continue;
      const how = rule.knows?.includes(target) === true ? 'may only import types of' : 'may not import';
      wrong.push(`${source.file}:${line}: ${source.folder}/ ${how} ${target}/`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('every folder of sources has its rule', () => {
  const folders = new Set(sources.filter(({ isTest }) => !isTest).map(({ folder }) => folder));
  assert.deepEqual(
    [...folders].filter((folder) => MAY_IMPORT[folder] === undefined),
    [],
  );
});

test('the SDK decides without its client', () => {
  const wrong = sources
    .filter(({ file, isTest }) => file.startsWith('sdk/evaluation/') && !isTest)
    .filter(({ text }) => /from '\.\.\/client\//.test(text))
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

test('no folder is named for nothing', () => {
  const wrong = sources.filter(({ file }) => file.split('/').some((part) => NAMELESS_FOLDERS.includes(part)));
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  );
});

test('files stay short enough to be read at once', () => {
  const wrong = sources
    .map(({ file, isTest, text }) => ({ file, lines: text.split('\n').length - 1, isTest }))
    .filter(({ lines, isTest }) => lines > (isTest ? MAX_TEST_LINES : MAX_LINES));
  assert.deepEqual(wrong, []);
});

test('settings are read from the environment in main/ alone', () => {
  // Handing the whole environment on to a child process is not reading it.
  const reads = /process\.env(?!,)/g;
  const wrong = sources
    .filter(({ folder, isTest }) => folder !== 'main' && !isTest)
    .filter(({ text }) => reads.test(text.replaceAll('...process.env', '')))
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

test('what must be repeatable has no clock and no dice of its own', () => {
  const wrong = sources
    .filter(({ folder, file, isTest }) => DETERMINISTIC.includes(folder) && !isTest && !HANDS_THEM_IN.test(file))
    .filter(({ text }) => /Math\.random\b|Date\.now\b|new Date\(\)/.test(text))
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

test('exports have names', () => {
  const wrong = sources
    .filter(({ text, file }) => /^export default /m.test(text) && !file.endsWith('.d.ts'))
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

function readSources(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', '*.ts'], {
    cwd: repositoryFile('.'),
    encoding: 'utf8',
  });
  return listed
    .split('\n')
    .filter((file) => file.includes('/') && !file.startsWith('gen/') && existsSync(repositoryFile(file)))
    .map((file) => ({
      file,
      folder: file.slice(0, file.indexOf('/')),
      isTest: /\.test\.ts$|(^|\/)testing\/|^tests\/|^event-bus\/contract/.test(file),
      text: readFileSync(repositoryFile(file), 'utf8'),
    }));
}

interface Import {
  readonly target: string;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

function importsOf({ file, text }: SourceFile): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return [];
    const target = folderOf(file, specifier.text);
    if (target === null) return [];
    const line = source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1;
    return [{ target, isTypeOnly: isTypeOnly(statement), line }];
  });
}

function folderOf(file: string, specifier: string): string | null {
  if (specifier.startsWith('@third-umpire/proto')) return 'gen';
  if (specifier.startsWith('@third-umpire/sdk')) return 'sdk';
  if (!specifier.startsWith('.')) return null;
  return path.posix.join(path.posix.dirname(file), specifier).split('/')[0] ?? null;
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = statement.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { namedBindings } = clause;
  return namedBindings !== undefined && ts.isNamedImports(namedBindings)
    ? namedBindings.elements.every((element) => element.isTypeOnly)
    : false;
}
