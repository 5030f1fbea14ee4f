import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { CausalReport } from '../causal/report/report.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { runUmpire } from './testing/test-platform.ts';

const COVARIATES = 'age,educ,black,hisp,marr,nodegree,re74,re75';
const LALONDE = [
  '--data',
  repositoryFile('examples/data/nsw_cps.csv'),
  ...['--treatment', 'treat', '--outcome', 're78', '--covariates', COVARIATES],
];

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-ask-'));
});
after(() => rm(folder, { recursive: true }));

async function file(lines: readonly string[]): Promise<string> {
  const written = path.join(folder, `${lines.length}-${lines.at(-1) ?? ''}.csv`.replaceAll('/', ''));
  await writeFile(written, `${lines.join('\n')}\n`);
  return written;
}

test('the experiment is found again in observational data, with the naive difference beside it and what makes it fragile', async () => {
  const html = path.join(folder, 'report.html');
  const { out, exitCode, err } = await runUmpire(['ask', ...LALONDE, '--method', 'psm', '--json', '--report', html]);
  assert.equal(exitCode, 0, err);
  const report = JSON.parse(out) as CausalReport;
  assert.ok(report.effect!.lower < 1794 && report.effect!.upper > 1794, JSON.stringify(report.effect));
  assert.ok(Math.abs(report.naive!.estimate + 8497.5) < 0.1, JSON.stringify(report.naive));
  assert.equal(report.status, 'fragile');
  assert.ok(report.overturnedBy.length >= 3);
  const page = await readFile(html, 'utf8');
  assert.match(page, /Standardized differences before/);
  assert.match(page, /Verdict: fragile/);
});

test('a placebo from before the treatment is read, and the text says what it found', async () => {
  const { out, exitCode } = await runUmpire(['ask', ...LALONDE, '--placebo-outcome', 're75', '--segments', 'black']);
  assert.equal(exitCode, 0);
  assert.match(out, /failed: re75, which the treatment cannot have changed, shows an effect of -1,\d+/);
  assert.match(out, /black = 1/);
});

const HEAD = 'arm,age,city,spend';
const people = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, row) => `${row % 3 === 0 ? 'yes' : 'no'},${20 + (row % 17)},${'ABC'[row % 3] ?? ''},${row % 11}`,
  );

test('wrong files get a sentence with the column and the row', async () => {
  const good = await file([HEAD, ...people(300)]);
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { err, exitCode } = await runUmpire(['ask', ...args]);
    assert.notEqual(exitCode, 0);
    assert.match(err, message);
  };
  const asked = (data: string, covariates = 'age,city'): string[] => [
    ...['--data', data, '--treatment', 'arm', '--outcome', 'spend', '--covariates', covariates],
  ];
  await refused(asked(good), /column "arm": "yes" is not .* --treated LABEL/);
  await refused([...asked(good), '--treated', 'maybe'], /holds "no", "yes", but no "maybe"/);
  await refused(
    asked(good, 'age,citty').concat('--treated', 'yes'),
    /no column "citty"; did you mean "city"|did you mean "city"/,
  );
  await refused(
    [...asked(good, 'age,spend'), '--treated', 'yes'],
    /"spend" is the outcome, so it cannot be a covariate/,
  );
  const broken = await file([HEAD, ...people(300), 'yes,30,A,lots']);
  await refused([...asked(broken), '--treated', 'yes'], /data row 301, column "spend": "lots" is not a finite number/);
  await refused(['--data', good, '--treatment', 'arm', '--outcome', 'spend'], /required option '--covariates <list>'/);
  await refused([...asked(good), '--treated', 'yes', '--method', 'magic'], /--method is one of auto, psm/);
});

test('labels, categories and missing values are read, and rows without an outcome counted', async () => {
  const lines = people(600).map((line, row) => (row % 50 === 1 ? line.replace(/,\d+$/, ',') : line));
  const gaps = lines.map((line, row) => (row % 40 === 3 ? line.replace(/,\d+,/, ',,') : line));
  const data = await file([HEAD, ...gaps]);
  const { out, exitCode, err } = await runUmpire([
    'ask',
    ...[
      '--data',
      data,
      '--treatment',
      'arm',
      '--treated',
      'yes',
      '--outcome',
      'spend',
      '--covariates',
      'age',
      '--json',
    ],
  ]);
  assert.equal(exitCode, 0, err);
  const report = JSON.parse(out) as CausalReport;
  assert.match(report.dataQuality.join(), /12 of 600 rows have no spend and were left out/);
  assert.match(report.dataQuality.join(), /\d+ units have no age: they count as its mean/);
  assert.equal(report.flow[0]!.treated + report.flow[0]!.controls, 588);
});

test('a refused question exits with an error and shows no number', async () => {
  const apart = Array.from(
    { length: 400 },
    (_, row) => `${row < 200 ? 'yes' : 'no'},${row < 200 ? 20 + (row % 5) : 60 + (row % 5)},A,${row % 9}`,
  );
  const data = await file([HEAD, ...apart]);
  const { out, exitCode } = await runUmpire([
    'ask',
    ...[
      '--data',
      data,
      '--treatment',
      'arm',
      '--treated',
      'yes',
      '--outcome',
      'spend',
      '--covariates',
      'age',
      '--json',
    ],
  ]);
  assert.notEqual(exitCode, 0);
  const report = JSON.parse(out) as CausalReport;
  assert.equal(report.status, 'refused');
  assert.deepEqual([report.effect, report.naive, report.methods, report.finding], [null, null, [], null]);
});
