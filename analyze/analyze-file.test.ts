import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import type { AnalyzeOptions } from './analysis.ts';
import { analyzeFile } from './analyze-file.ts';
import { AnalyzeError } from './analyze-error.ts';
import { formatAnalysis } from './format-analysis.ts';

type Difference = Record<'estimate' | 'lower' | 'upper' | 'pValue', number>;
interface Golden {
  readonly units: { control: number; treatment: number };
  readonly means: { control: number; treatment: number };
  readonly difference: Difference;
  readonly covariateDifference: Difference;
  readonly adjusted: Difference & { theta: number };
}

const RTOL = 1e-9;
const NSW = repositoryFile('examples/data/nsw_mixtape.csv');
const NSW_OPTIONS: AnalyzeOptions = { file: NSW, outcome: 're78', treatment: 'treat', covariate: 're75' };
const read = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(repositoryFile(`analyze/golden/${name}`), 'utf8')) as T;

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-analyze-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function csv(lines: readonly string[]): Promise<string> {
  const file = path.join(folder, `${lines.join('').length}-${lines.length}.csv`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

function close(actual: unknown, expected: number, what: string): void {
  assert.ok(typeof actual === 'number', what);
  assert.ok(Math.abs(actual - expected) <= RTOL * Math.abs(expected), `${what}: ${actual}, the peer says ${expected}`);
}

test('the NSW experiment equals scipy, statsmodels, tea-tasting and gbstats', async () => {
  const analysis = await analyzeFile(NSW_OPTIONS);
  const golden = await read<Golden>('nsw.json');
  assert.equal(analysis.control.units, golden.units.control);
  assert.equal(analysis.treated.units, golden.units.treatment);
  close(analysis.control.mean, golden.means.control, "control's mean");
  close(analysis.treated.mean, golden.means.treatment, "the treated's mean");
  for (const part of ['difference', 'adjusted', 'covariateDifference'] as const) {
    for (const field of ['estimate', 'lower', 'upper', 'pValue'] as const)
      close(analysis[part]?.[field], golden[part][field], `${part}: ${field}`);
  }
  close(analysis.adjusted?.theta, golden.adjusted.theta, 'theta');
  const { relative } = await read<{ relative: Difference }>('nsw-relative.json');
  for (const field of ['estimate', 'lower', 'upper'] as const)
    close(analysis.relative?.[field], relative[field], `relative: ${field}`);
});

test('an always-valid analysis is wider, and adds nothing to the file', async () => {
  const once = await analyzeFile(NSW_OPTIONS);
  const always = await analyzeFile({ ...NSW_OPTIONS, method: 'always-valid' });
  assert.equal(always.difference.estimate, once.difference.estimate);
  assert.ok(always.difference.lower < once.difference.lower && always.difference.upper > once.difference.upper);
  assert.ok((always.relative?.lower ?? 0) < (once.relative?.lower ?? 0));
  assert.ok(always.difference.pValue > once.difference.pValue);
});

test('values far from 0 keep their digits', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => `${i % 2},${1e12 + (i % 7) + (i % 2)}`);
  const near = Array.from({ length: 200 }, (_, i) => `${i % 2},${(i % 7) + (i % 2)}`);
  const far = await analyzeFile({ file: await csv(['arm,y', ...rows]), outcome: 'y', treatment: 'arm' });
  const plain = await analyzeFile({ file: await csv(['arm,y', ...near]), outcome: 'y', treatment: 'arm' });
  assert.ok(Math.abs(far.difference.estimate - plain.difference.estimate) < 1e-3);
  assert.ok(Math.abs(far.difference.standardError - plain.difference.standardError) < 1e-6);
});

test('rows with a missing value are left out and counted by column', async () => {
  const file = await csv(['arm,y,x', '0,1,1', '1,2,', '0,NA,2', '0,3,4', '1,4,2', '1,6,3', ',5,5', '0,2,2']);
  const { rows, control, treated } = await analyzeFile({ file, outcome: 'y', treatment: 'arm', covariate: 'x' });
  assert.deepEqual(rows, {
    read: 8,
    used: 5,
    missing: [
      { column: 'arm', rows: 1 },
      { column: 'y', rows: 1 },
      { column: 'x', rows: 1 },
    ],
  });
  assert.deepEqual([control.units, treated.units], [3, 2]);
});

test('arms may have names, quotes and commas, and columns too', async () => {
  const file = await csv(['"the ""arm"", as it is",y', '"new, or so",2', 'old,1', '"new, or so",3', 'old,1.5']);
  const options = { file, outcome: 'y', treatment: 'the "arm", as it is' };
  const analysis = await analyzeFile({ ...options, control: 'old' });
  assert.equal(analysis.control.label, 'old');
  assert.equal(analysis.treated.label, 'new, or so');
  assert.equal(analysis.difference.estimate, 1.25);
  await assert.rejects(analyzeFile(options), /say which of them is control/);
  await assert.rejects(analyzeFile({ ...options, control: 'older' }), /control cannot be "older"/);
});

const REFUSED: readonly (readonly [string, readonly string[], Partial<AnalyzeOptions>, RegExp])[] = [
  ['a missing column', ['arm,z', '0,1', '1,2'], {}, /has no column "y".*; it has "arm", "z"/],
  ['text among numbers', ['arm,y', '0,1', '1,abc'], {}, /data row 2, column "y": "abc" is not a finite number/],
  ['an infinite number', ['arm,y', '0,1', '1,inf'], {}, /data row 2, column "y": "inf" is not a finite number/],
  ['three arms', ['arm,y', '0,1', '1,2', '2,2'], {}, /holds "0", "1", "2"; a treatment has exactly two values/],
  ['one arm only', ['arm,y', '0,1', '0,2'], {}, /holds "0"; a treatment has exactly two values/],
  ['no rows', ['arm,y'], {}, /holds no value/],
  ['an arm of one', ['arm,y', '0,1', '0,2', '1,2'], {}, /arm arm = 1 .* has 1 complete rows; at least 2/],
  ['nothing that varies', ['arm,y', '0,1', '0,1', '1,2', '1,2'], {}, /"y" does not vary within either arm/],
  ['a wide row', ['arm,y', '0,1', '1,2', '1,2,3,4', '0,2'], {}, /cannot be read as CSV/],
  ['one column twice', ['arm,y', '0,1'], { outcome: 'arm' }, /must be different columns/],
  ['an impossible alpha', ['arm,y', '0,1'], { alpha: 5 }, /alpha must lie between 0 and 1, got 5/],
];
for (const [name, lines, changes, message] of REFUSED) {
  test(`refuses ${name} by name`, async () => {
    const options = { file: await csv(lines), outcome: 'y', treatment: 'arm', ...changes };
    await assert.rejects(analyzeFile(options), (error) => error instanceof AnalyzeError && message.test(error.message));
  });
}

test('refuses a file that is not there, a folder and an empty file', async () => {
  const options = { outcome: 'y', treatment: 'arm' };
  await assert.rejects(
    analyzeFile({ ...options, file: path.join(folder, 'none.csv') }),
    /cannot be read: there is no such file/,
  );
  await assert.rejects(analyzeFile({ ...options, file: folder }), /is no file/);
  const empty = path.join(folder, 'empty.csv');
  await writeFile(empty, '');
  await assert.rejects(analyzeFile({ ...options, file: empty }), /is empty; it needs a header/);
});

test('reads as a product manager would tell it', async () => {
  const text = formatAnalysis(await analyzeFile(NSW_OPTIONS));
  assert.match(text, /control \(treat = 0\) {2}n 260/);
  assert.match(text, /adjusted for re75 {2}\+1,747\.13 {2}\(\+430\.802 to \+3,063\.47\)/);
  assert.match(text, /The treatment raised re78: the adjusted interval excludes 0\.$/);
});
