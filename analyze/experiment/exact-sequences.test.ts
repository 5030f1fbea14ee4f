import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { proportionSequence } from '../../estimators/stopping/proportion-sequence.ts';
import { quantileDifferenceSequence, rankedValues } from '../../estimators/stopping/quantile-sequence.ts';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { analyzeExperiment } from './analyze-experiment.ts';
import { parseMetric } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';
import type { Comparison, ExperimentAnalysis } from './result.ts';

const UNITS = 12_000;
const ALPHA = 0.05;
let folder = '';
const waits: Record<'old' | 'new', number[]> = { old: [], new: [] };

/** Two thirds of the units in `old`; 12 of them and 30 of `new` paid; each has one wait. */
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-exact-'));
  const random = seededRandom(12);
  const rows = Array.from({ length: UNITS }, (_, i) => {
    const arm = i % 3 === 0 ? 'new' : 'old';
    const paid = arm === 'new' ? i < 90 : i % 1_000 === 1;
    const wait = Math.round(1_000 * Math.exp(random.normal() + (arm === 'new' ? 0.1 : 0))) / 10;
    waits[arm].push(wait);
    return `${i},${arm},${paid ? 1 : 0},${wait},${i % 7},${i % 2 ? 'a' : 'b'}`;
  });
  await writeFile(path.join(folder, 'users.csv'), ['user,arm,paid,wait,before,half', ...rows].join('\n'));
  const doubled = rows.flatMap((row, i) => (i < 5 ? [row, row] : [row]));
  await writeFile(path.join(folder, 'doubled.csv'), ['user,arm,paid,wait,before,half', ...doubled].join('\n'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

async function analyze(changes: Partial<ExperimentRequest> & { readonly metric: string }): Promise<ExperimentAnalysis> {
  const { metric, ...rest } = changes;
  return await analyzeExperiment({
    file: path.join(folder, 'users.csv'),
    unit: 'user',
    variant: 'arm',
    control: 'old',
    metrics: [parseMetric(metric)],
    covariates: [],
    segments: [],
    date: null,
    stopping: { rule: 'always-valid' },
    design: { kind: 'user' },
    alpha: ALPHA,
    correction: 'bh',
    weights: { old: 2, new: 1 },
    missing: 'refuse',
    ...rest,
  });
}

async function comparisonOf(changes: Parameters<typeof analyze>[0]): Promise<Comparison> {
  const comparison = (await analyze(changes)).metrics[0]?.comparisons[0];
  assert.ok(comparison !== undefined);
  return comparison;
}

test('a proportion with few successes is read exactly, with the intended split, also with covariates', async () => {
  const expected = proportionSequence(
    { successes: 8, trials: 8_000 },
    { successes: 30, trials: 4_000 },
    { alpha: ALPHA, treatmentShare: 1 / 3, tunedForCount: 10_000 },
  );
  for (const covariates of [[], ['before']]) {
    const actual = await comparisonOf({ metric: 'paid:proportion', covariates });
    assert.equal(actual.isExact, true);
    assert.deepEqual(
      [actual.absolute.lower, actual.absolute.upper],
      [expected.absolute.lower, expected.absolute.upper],
    );
    assert.deepEqual(actual.relative, expected.relative);
    assert.equal(actual.pValue, expected.pValue);
    assert.equal(actual.reading, 'better');
    assert.equal(actual.varianceRemovedRatio, null);
  }
});

test('who wants the asymptotic sequence, or has many successes or another rule, gets it', async () => {
  const readings: readonly Parameters<typeof analyze>[0][] = [
    { metric: 'paid:proportion', sequences: 'asymptotic' },
    { metric: 'paid:proportion', stopping: { rule: 'fixed-horizon' } },
    { metric: 'before:mean' },
  ];
  for (const reading of readings) assert.equal((await comparisonOf(reading)).isExact, false);
});

test('segments are read alike, and the method is told', async () => {
  const analysis = await analyze({ metric: 'paid:proportion', segments: ['half'] });
  assert.equal(analysis.segments.length, 2);
  for (const { units, means, absolute } of analysis.segments) {
    const trials = (count: number, mean: number) => ({ trials: count, successes: Math.round(count * mean) });
    const expected = proportionSequence(trials(units.control, means.control), trials(units.arm, means.arm), {
      alpha: ALPHA,
      treatmentShare: 1 / 3,
      tunedForCount: 10_000,
    });
    assert.equal(absolute.upper, expected.absolute.upper);
  }
  assert.match(
    analysis.methods.join('\n'),
    /fewer than 50 successes, or failures, in an arm are read by sequences that are exact/,
  );
});

test('quantiles of units with one row each are read by order statistics, out of a window of them', async () => {
  const sorted = (values: readonly number[]) => rankedValues(values.toSorted((a, b) => a - b));
  for (const quantile of [0.5, 0.95]) {
    const actual = await comparisonOf({ metric: `wait:quantile:${quantile}`, sequences: 'exact' });
    const expected = quantileDifferenceSequence(sorted(waits.old), sorted(waits.new), {
      quantile,
      alpha: ALPHA,
      tunedForCount: 5_000,
    });
    assert.deepEqual(
      { ...actual.absolute, pValue: actual.pValue },
      { ...expected, standardError: actual.absolute.standardError },
    );
    assert.ok(actual.isExact && actual.relative === null);
    const asymptotic = await comparisonOf({ metric: `wait:quantile:${quantile}` });
    assert.equal(asymptotic.isExact, false);
    const [wide, narrow] = [actual.absolute, asymptotic.absolute].map(({ lower, upper }) => upper - lower);
    assert.ok((wide ?? NaN) / (narrow ?? NaN) > 0.9 && (wide ?? NaN) / (narrow ?? NaN) < 1.6, `${wide} ${narrow}`);
  }
});

test('skewed values in a small arm beside a large one are warned of, in arms alike they are not', async () => {
  const file = path.join(folder, 'skewed.csv');
  const write = async (treated: number): Promise<readonly string[]> => {
    const rows = Array.from({ length: 4_000 }, (_, i) => {
      const arm = i % treated === 0 ? 'new' : 'old';
      return `${i},${arm},0,${Math.floor(i / treated) % 40 === 0 ? 50 + (i % 11) : 0},0,a`;
    });
    await writeFile(file, ['user,arm,paid,wait,before,half', ...rows].join('\n'));
    const weights = { old: treated - 1, new: 1 };
    const reading = await analyze({ file, metric: 'wait:mean', weights });
    return reading.warnings.filter(({ code }) => code === 'skewed-small-arm').map(({ message }) => message);
  };
  const [warning] = await write(10);
  assert.match(warning ?? '', /about 10 of the 400 units of new carry its mean/);
  assert.deepEqual(await write(2), []);
});

test('rows of one unit are no independent values', async () => {
  const file = path.join(folder, 'doubled.csv');
  await assert.rejects(
    analyze({ file, metric: 'wait:quantile:0.5', sequences: 'exact' }),
    /units with one row each, but unit "0" has 2; leave the option out/,
  );
});

test('too few rows for any bound are told, of a segment by leaving it out', async () => {
  const file = path.join(folder, 'few.csv');
  const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 2 ? 'new' : 'old'},0,${i},0,${i < 80 ? 'a' : 'b'}`);
  await writeFile(file, ['user,arm,paid,wait,before,half', ...rows].join('\n'));
  const reading = {
    file,
    weights: null,
    sequences: 'exact',
    stopping: { rule: 'always-valid', tunedForCount: 60 },
  } as const;
  await assert.rejects(
    analyze({ ...reading, metric: 'wait:quantile:0.9' }),
    /has too few rows for an exact interval yet/,
  );
  const median = await analyze({ ...reading, metric: 'wait:quantile:0.5', segments: ['half'] });
  assert.deepEqual(
    median.segments.map(({ value }) => value),
    ['a'],
  );
});
