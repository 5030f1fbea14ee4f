import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'node:test';
import { openDuckDb } from '../warehouse/duckdb.ts';
import type { ExperimentAnalysis } from '../analyze/experiment/result.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { runUmpire } from './testing/test-platform.ts';

const GOLDEN = (name: string): string => repositoryFile(`analyze/golden/experiments/${name}.csv`);
const COLUMNS = ['--unit', 'user_id', '--variant', 'arm', '--control', 'control'];
const MEAN = [...COLUMNS, '--metric', 'revenue:mean'];

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-analyze-files-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function file(name: string, lines: readonly string[]): Promise<string> {
  const written = path.join(folder, name);
  await writeFile(written, `${lines.join('\n')}\n`);
  return written;
}

async function analyze(name: string, ...args: string[]) {
  return await runUmpire(['analyze', name, ...args]);
}

async function analysisOf(name: string, ...args: string[]): Promise<ExperimentAnalysis> {
  const { out, err, exitCode } = await analyze(name, ...args, '--json');
  assert.equal(exitCode, 0, err);
  return JSON.parse(out) as ExperimentAnalysis;
}

describe('umpire analyze reads', () => {
  it('Parquet and packed CSV as it reads CSV', async () => {
    const parquet = path.join(folder, 'users.parquet');
    const packed = path.join(folder, 'users.csv.gz');
    await writeFile(packed, gzipSync(await readFile(GOLDEN('users'))));
    const warehouse = await openDuckDb({ file: ':memory:' });
    await warehouse.execute([{ sql: `COPY (FROM read_csv('${GOLDEN('users')}')) TO '${parquet}'`, parameters: {} }]);
    await warehouse.close();
    const args = [...MEAN, '--metric', 'paid:proportion', '--covariate', 'revenue_pre', '--segment', 'country'];
    const expected = await analysisOf(GOLDEN('users'), ...args);
    for (const other of [parquet, packed]) {
      const analysis = await analysisOf(other, ...args);
      assert.deepEqual(rounded(analysis.metrics), rounded(expected.metrics));
      assert.deepEqual(rounded(analysis.segments), rounded(expected.segments));
    }
  });

  it('several rows of a unit as their sum, and its rows of a second arm as those of its first', async () => {
    const single = ['user_id,arm,revenue,clicks,views'];
    const many = ['user_id,arm,revenue,clicks,views'];
    for (let i = 0; i < 240; i += 1) {
      const arm = i % 2 ? 'large' : 'control';
      single.push(`u${i},${arm},${(i * 7) % 13},${i % 3},${2 + (i % 5)}`);
      many.push(`u${i},${arm},${((i * 7) % 13) - 1},${i % 3},1`);
    }
    for (let i = 0; i < 240; i += 1)
      many.push(`u${i},${i === 5 || i % 2 === 0 ? 'control' : 'large'},1,0,${1 + (i % 5)}`);
    const args = [...MEAN, '--metric', 'clicks/views:ratio'];
    const expected = await analysisOf(await file('single.csv', single), ...args);
    const analysis = await analysisOf(await file('many.csv', many), ...args);
    assert.deepEqual(rounded(analysis.metrics), rounded(expected.metrics));
    assert.equal(analysis.crossedUnitCount, 1);
    assert.match(
      analysis.warnings.map(({ message }) => message).join('\n'),
      /1 of 240 units .* such as "u5" .*data row 6/,
    );
  });

  it('no effect where too many units have two arms', async () => {
    const lines = ['user_id,arm,revenue'];
    for (let i = 0; i < 200; i += 1) lines.push(`u${i},${i % 2 ? 'large' : 'control'},${i}`, `u${i},control,1`);
    const { out, exitCode } = await analyze(await file('crossed.csv', lines), ...MEAN);
    assert.equal(exitCode, 1);
    assert.match(
      out,
      /No effect is shown: 100 of 200 units \(50\.0 %\) have rows of more than one arm in column "arm", such as "u1"/,
    );
  });

  it('missing values as it is told', async () => {
    const lines = ['user_id,arm,revenue'];
    for (let i = 0; i < 220; i += 1) lines.push(`u${i},${i % 2 ? 'large' : 'control'},${i < 20 ? 'NaN' : i % 7}`);
    const written = await file('missing.csv', lines);
    const dropped = await analysisOf(written, ...MEAN, '--missing', 'drop');
    const zero = await analysisOf(written, ...MEAN, '--missing', 'zero');
    const units = ({ metrics }: ExperimentAnalysis) => metrics[0]?.arms.map((arm) => arm.units);
    assert.deepEqual(
      [units(dropped), units(zero)],
      [
        [100, 100],
        [110, 110],
      ],
    );
    // A unit that is left out is neither a success nor at the cap.
    const cut = [...COLUMNS, '--metric', 'revenue:mean:cap=3', '--missing', 'drop'];
    const [capped] = (await analysisOf(written, ...cut)).metrics;
    assert.deepEqual(
      capped?.arms.map((arm) => arm.units),
      [100, 100],
    );
    const paid = await file(
      'paid.csv',
      lines.map((line) => line.replace(/,[1-6]$/, ',1').replace('revenue', 'paid')),
    );
    const share = await analysisOf(paid, ...COLUMNS, '--metric', 'paid:proportion', '--missing', 'drop');
    assert.deepEqual(units(share), [100, 100]);
    assert.ok(share.metrics[0]?.arms.every(({ mean }) => mean < 0.9));
    assert.match(
      dropped.warnings[0]?.message ?? '',
      /data row 1, column "revenue" has no number \(and so in 19 more rows\)/,
    );
  });
});

describe('umpire analyze --design', () => {
  it('reads clusters and switchbacks from the command line', async () => {
    const cluster = await analysisOf(GOLDEN('clusters'), ...MEAN, '--design', 'cluster', '--cluster', 'city');
    const [byCluster] = cluster.metrics[0]?.comparisons ?? [];
    assert.equal(cluster.split.arms[0]?.units, 12);
    assert.ok((byCluster?.clustering?.designEffect ?? 0) > 2);
    const args = [...MEAN, '--design', 'switchback', '--region', 'region', '--window', 'window', '--stopping', 'fixed'];
    const { out, exitCode } = await analyze(GOLDEN('switchback'), ...args);
    assert.equal(exitCode, 0);
    assert.match(out, /What was randomized is region × window/);
  });

  it('takes a length of time as the window', async () => {
    const [header = '', ...rows] = (await readFile(GOLDEN('switchback'), 'utf8')).trim().split('\n');
    const timed = rows.map((row, index) => {
      const window = Number(row.split(',')[3]);
      const at = new Date(Date.UTC(2026, 2, 1, window, index % 60)).toISOString();
      return `${row},${at}`;
    });
    const written = await file('timed.csv', [`${header},at`, ...timed]);
    const design = ['--design', 'switchback', '--region', 'region'];
    const byColumn = await analysisOf(written, ...MEAN, ...design, '--window', 'window');
    const byLength = await analysisOf(written, ...MEAN, ...design, '--window', 'hour', '--date', 'at');
    assert.deepEqual(rounded(byLength.metrics), rounded(byColumn.metrics));
    const { err } = await analyze(written, ...MEAN, ...design, '--window', 'day', '--date', 'at');
    assert.match(
      err,
      /data row \d+, column "arm": region "region0" in window "2026-03-01 00:00:00" has rows of "control" and "treatment"/,
    );
    assert.match(
      (await analyze(written, ...MEAN, ...design, '--window', 'hour')).err,
      /say which column has the time with --date/,
    );
  });

  it('warns where the arm of the window before still matters', async () => {
    const lines = ['arm,region,window,y'];
    for (let region = 0; region < 6; region += 1)
      for (let window = 0, before = 0; window < 60; window += 1) {
        const treated = (window * 7 + region * 5 + ((window * window) % 11)) % 2;
        for (let row = 0; row < 3; row += 1)
          lines.push(
            `${treated ? 'large' : 'control'},r${region},${window},${10 + treated + 0.8 * before + ((window * 13 + row * 7) % 10) / 10}`,
          );
        before = treated;
      }
    const args = ['--variant', 'arm', '--control', 'control', '--metric', 'y:mean', '--design', 'switchback'];
    const analysis = await analysisOf(
      await file('carried.csv', lines),
      ...args,
      '--region',
      'region',
      '--window',
      'window',
    );
    const [comparison] = analysis.metrics[0]?.comparisons ?? [];
    assert.ok(Math.abs((comparison?.switchback?.carryOver?.estimate ?? 0) - 0.8) < 0.15);
    assert.ok(analysis.warnings.some(({ code }) => code === 'carry-over'));
  });

  it('refuses a cluster with two arms, by its row', async () => {
    const { err, exitCode } = await analyze(GOLDEN('users'), ...MEAN, '--design', 'cluster', '--cluster', 'country');
    assert.equal(exitCode, 1);
    assert.match(err, /data row \d+, column "arm": cluster "\w+" has rows of .* and so have 2 others/);
  });
});

describe('umpire analyze --report', () => {
  it('writes one page that loads nothing and shows what is in the file as text', async () => {
    const lines = (await readFile(GOLDEN('users'), 'utf8'))
      .replaceAll('large', '<script>alert(1)</script>')
      .trim()
      .split('\n');
    const report = path.join(folder, 'report.html');
    const args = [
      ...MEAN,
      '--metric',
      'clicks/views:ratio',
      '--segment',
      'country',
      '--covariate',
      'visits_pre',
      '--report',
      report,
    ];
    assert.equal((await analyze(await file('marked.csv', lines), ...args)).exitCode, 0);
    const html = await readFile(report, 'utf8');
    assert.doesNotMatch(html, /<script|https?:|src=|@import|url\(/);
    assert.match(html, /&lt;script&gt;alert\(1\)/);
    assert.equal(html.match(/<svg /g)?.length, 2);
    const missing = await analyze(GOLDEN('users'), ...MEAN, '--report', path.join(folder, 'no', 'report.html'));
    assert.match(missing.err, /--report cannot be written/);
  });
});

/** To the digits that do not depend on the order in which threads add up. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' ? Number(each.toPrecision(9)) : each)),
  );
}
