import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ExperimentAnalysis } from '../analyze/experiment/result.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { runUmpire } from './testing/test-platform.ts';

let folder = '';
let users = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-analyze-cli-'));
  users = await file('users.csv', usersLines(400));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, lines: readonly string[]): Promise<string> {
  const written = path.join(folder, name);
  await writeFile(written, `${lines.join('\n')}\n`);
  return written;
}

function usersLines(count: number): string[] {
  const random = seededRandom(11);
  const lines = ['user_id,arm,country,revenue_pre,revenue,clicks,views'];
  for (let user = 0; user < count; user += 1) {
    const treated = user % 2;
    const before = random.exponential(10);
    const views = 1 + Math.floor(random.exponential(9));
    const clicks = Math.floor(views * random.uniform() * (0.5 + 0.1 * treated));
    const revenue = 0.8 * before + random.exponential(4) + treated;
    const country = ['IN', 'BR', 'NA'][Math.floor(3 * random.uniform())] ?? 'IN';
    lines.push([`u${user}`, treated ? 'large' : 'control', country, before, revenue, clicks, views].join(','));
  }
  return lines;
}

const COLUMNS = ['--unit', 'user_id', '--variant', 'arm', '--control', 'control'];
const MEAN = [...COLUMNS, '--metric', 'revenue:mean'];

async function analyze(name: string, ...args: string[]) {
  return await runUmpire(['analyze', name, ...args]);
}

async function analysisOf(name: string, ...args: string[]): Promise<ExperimentAnalysis> {
  const { out, err, exitCode } = await analyze(name, ...args, '--json');
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as ExperimentAnalysis;
}

describe('umpire analyze --metric', () => {
  it('reads a metric with a covariate and segments, as JSON and as a table with a plot', async () => {
    const args = [...MEAN, '--covariate', 'revenue_pre', '--segment', 'country'];
    const analysis = await analysisOf(users, ...args);
    const [comparison] = analysis.metrics[0]?.comparisons ?? [];
    assert.equal(analysis.unitCount, 400);
    assert.equal(analysis.stopping.rule, 'always-valid');
    assert.ok((comparison?.varianceRemovedRatio ?? 0) > 0.5);
    // NA is a country here, not a missing value.
    assert.deepEqual(
      analysis.segments.map(({ value }) => value),
      ['BR', 'IN', 'NA'],
    );
    const { out } = await analyze(users, ...args);
    assert.match(out, /split as intended/);
    assert.match(out, /revenue:mean {2}.*●/);
  });

  it('a wrong split shows no effect and fails', async () => {
    const broken = await file(
      'broken.csv',
      usersLines(2000).filter((line) => !/large,IN.*[0-6]$/.test(line)),
    );
    const { out, exitCode } = await analyze(broken, ...MEAN, '--segment', 'country', '--json');
    const analysis = JSON.parse(out) as ExperimentAnalysis;
    assert.equal(exitCode, 1);
    assert.equal(analysis.status, 'invalid');
    assert.match(analysis.reason ?? '', /No effect is shown: the split is not as intended.*where country is IN/);
    assert.deepEqual([analysis.metrics, analysis.segments], [[], []]);
    const weighted = await analyze(users, ...MEAN, '--weights', 'control=9,large=1');
    assert.equal(weighted.exitCode, 1);
    assert.doesNotMatch(weighted.out, /●/);
  });
});

const HEADER = 'user_id,arm,revenue';
const REFUSED: readonly (readonly [string, readonly string[], readonly string[], RegExp])[] = [
  [
    'a column that is not there',
    [HEADER, 'a,control,1'],
    ['--metric', 'revenu:mean'],
    /no column "revenu" \(did you mean "revenue"\?\)/,
  ],
  [
    'a column that is there twice',
    [`${HEADER},revenue`, 'a,control,1,2'],
    [],
    /"revenue" twice in its header \(columns 3 and 4\)/,
  ],
  [
    'NaN',
    [HEADER, 'a,control,1', 'b,large,NaN'],
    [],
    /data row 2, column "revenue" has no number; metric revenue:mean needs one/,
  ],
  [
    'text among numbers',
    [HEADER, 'a,control,1', 'b,large,abc'],
    [],
    /data row 2, column "revenue": "abc" is not a finite number/,
  ],
  [
    'infinity',
    [HEADER, 'a,control,1', 'b,large,-inf'],
    [],
    /data row 2, column "revenue": "-inf" is not a finite number/,
  ],
  ['a missing unit', [HEADER, 'a,control,1', ',large,1'], [], /data row 2, column "user_id" is empty/],
  ['a missing arm', [HEADER, 'a,control,1', 'b,,1'], [], /data row 2, column "arm" is empty/],
  [
    'one arm only',
    [HEADER, 'a,control,1', 'b,control,2'],
    [],
    /column "arm".* holds "control" only: there is no arm to compare/,
  ],
  ['a control that is not there', [HEADER, 'a,old,1', 'b,large,2'], [], /holds "large", "old", but no "control"/],
  [
    'an arm of one',
    [HEADER, 'a,control,1', 'b,control,2', 'c,large,2'],
    [],
    /arm "large" has fewer than 2 units with a value/,
  ],
  ['nothing that varies', [HEADER, 'a,control,1', 'b,control,1', 'c,large,2', 'd,large,2'], [], /nothing varies/],
  ['no rows', [HEADER], [], /has a header and no rows/],
  [
    'a proportion that is none',
    [HEADER, 'a,control,0.3'],
    ['--metric', 'revenue:proportion'],
    /data row 1, column "revenue": "0\.3" is not 0 or 1/,
  ],
  [
    'a covariate that is the outcome',
    [HEADER, 'a,control,1'],
    ['--covariate', 'revenue'],
    /covariate "revenue" is the outcome of metric revenue:mean/,
  ],
  ['a ragged row', [HEADER, 'a,control,1', 'b,large,1,2,3'], [], /cannot be read/],
];

describe('umpire analyze refuses', () => {
  for (const [name, lines, args, message] of REFUSED) {
    it(name, async () => {
      const written = await file('refused.csv', lines);
      const { err, exitCode } = await analyze(written, ...(args.includes('--metric') ? COLUMNS : MEAN), ...args);
      assert.match(err, message);
      assert.equal(exitCode, 1);
    });
  }

  const USAGE: readonly (readonly [readonly string[], RegExp])[] = [
    [['--metric', 'revenue:mean'], /required option '--variant/],
    [[...MEAN, '--stopping', 'fixd'], /--stopping is one of .*did you mean "fixed"/],
    [[...MEAN, '--stopping', 'group-sequential', '--looks', '3', '--look', '4'], /--look 4 is beyond the 3 planned/],
    [[...MEAN, '--futility', 'pocock'], /--futility belongs to --stopping group-sequential/],
    [
      [...MEAN, '--stopping', 'group-sequential', '--looks', '3', '--look', '1', '--futility', 'pokock'],
      /--futility is obrien-fleming, pocock/,
    ],
    [
      [
        ...MEAN,
        '--stopping',
        'group-sequential',
        '--looks',
        '3',
        '--look',
        '1',
        '--futility',
        'pocock',
        '--futility-power',
        '1',
      ],
      /--futility-power is a share above half of --alpha, such as 80%; got "1"/,
    ],
    [[...MEAN, '--design', 'cluster'], /required option '--cluster/],
    [[...MEAN, '--weights', 'control'], /--weights is ARM=WEIGHT/],
    [[...MEAN, '--outcome', 'revenue'], /either --metric .* or --outcome/],
  ];
  for (const [args, message] of USAGE) {
    it(`the command line ${args.slice(-2).join(' ')}`, async () => {
      const { err, exitCode } = await analyze(users, ...args);
      assert.match(err, message);
      assert.equal(exitCode, 2);
    });
  }
});
