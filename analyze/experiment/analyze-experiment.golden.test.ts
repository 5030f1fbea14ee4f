import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { analyzeExperiment } from './analyze-experiment.ts';
import { parseMetric } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';
import type { ExperimentAnalysis } from './result.ts';

// Values of SciPy, statsmodels, tea-tasting and NumPy on whole files: analyze/golden/make_experiments.py, versions in the file.
type Effect = Partial<
  Record<'estimate' | 'lower' | 'upper' | 'pValue' | 'standardError' | 'varianceRemovedRatio', number>
> & {
  readonly relative?: Record<'estimate' | 'lower' | 'upper', number>;
};
interface Golden {
  readonly fixed: Record<'large' | 'small', Effect>;
  readonly segment: Record<'BR' | 'IN' | 'NA', Effect>;
  readonly corrected: Record<'holm' | 'bh' | 'by', readonly number[]>;
  readonly sampleRatio: number;
  readonly alwaysValid: Effect;
  readonly groupSequential: Effect;
  readonly proportion: Effect;
  readonly winsorized: Effect;
  readonly ratio: Effect;
  readonly cuped: Effect;
  readonly quantile: Effect;
  readonly days: Record<'0' | '2' | '9', Effect>;
  readonly clusters: Effect;
  readonly clustersCuped: Effect;
  readonly switchback: Effect;
}

const golden = JSON.parse(readFileSync(repositoryFile('analyze/golden/experiments.json'), 'utf8')) as Golden;
const RTOL = 1e-8;

type Changes = Partial<Omit<ExperimentRequest, 'metrics' | 'file'>>;

async function analyze(file: string, metrics: readonly string[], changes: Changes = {}): Promise<ExperimentAnalysis> {
  return await analyzeExperiment({
    file: repositoryFile(`analyze/golden/experiments/${file}.csv`),
    unit: 'user_id',
    variant: 'arm',
    control: 'control',
    metrics: metrics.map(parseMetric),
    covariates: [],
    segments: [],
    date: null,
    stopping: { rule: 'fixed-horizon' },
    design: { kind: 'user' },
    alpha: 0.05,
    correction: 'none',
    weights: null,
    missing: 'refuse',
    ...changes,
  });
}

function comparisonOf({ metrics }: ExperimentAnalysis, arm: string, metric = 0) {
  const found = metrics[metric]?.comparisons.find((comparison) => comparison.arm === arm);
  assert.ok(found !== undefined);
  return found;
}

type Compared = ReturnType<typeof comparisonOf>;

function same(actual: Pick<Compared, 'absolute' | 'relative' | 'pValue'>, expected: Effect, rtol = RTOL): void {
  for (const field of ['estimate', 'lower', 'upper', 'standardError'] as const)
    if (expected[field] !== undefined) close(actual.absolute[field], expected[field], field, rtol);
  if (expected.pValue !== undefined) close(actual.pValue, expected.pValue, 'pValue', rtol);
  if (expected.relative !== undefined)
    for (const field of ['estimate', 'lower', 'upper'] as const)
      close(actual.relative?.[field], expected.relative[field], `relative ${field}`, rtol);
}

function close(actual: number | undefined, expected: number, what: string, rtol: number): void {
  assert.ok(actual !== undefined, what);
  assert.ok(Math.abs(actual - expected) <= rtol * Math.abs(expected), `${what}: ${actual}, the peer says ${expected}`);
}

test('means of several arms and segments, and the split, equal SciPy', async () => {
  const analysis = await analyze('users', ['revenue:mean', 'paid:proportion'], { segments: ['country'] });
  same(comparisonOf(analysis, 'large'), golden.fixed.large);
  same(comparisonOf(analysis, 'small'), golden.fixed.small);
  same(comparisonOf(analysis, 'large', 1), golden.proportion);
  close(analysis.split.pValue, golden.sampleRatio, 'sample ratio', RTOL);
  for (const country of ['BR', 'IN', 'NA'] as const) {
    const found = analysis.segments.find(
      ({ value, arm, metric }) => value === country && arm === 'large' && metric === 'revenue:mean',
    );
    assert.ok(found !== undefined);
    same(found, golden.segment[country]);
  }
});

test('corrected p-values of the metrics after the first equal statsmodels', async () => {
  for (const correction of ['holm', 'bh', 'by'] as const) {
    const { metrics } = await analyze('users', ['revenue:mean', 'paid:proportion', 'clicks:count'], { correction });
    const adjusted = metrics.slice(1).flatMap(({ comparisons }) => comparisons.map((each) => each.adjustedPValue));
    assert.equal(adjusted.length, 4);
    for (const [index, expected] of golden.corrected[correction].entries())
      close(adjusted[index], expected, `${correction} ${index}`, RTOL);
  }
});

test('a percentile cap is that of the units of all arms', async () => {
  const analysis = await analyze('users', ['revenue:sum:cap=p95']);
  same(comparisonOf(analysis, 'large'), golden.winsorized);
});

test("a ratio equals tea-tasting's", async () => {
  const analysis = await analyze('users', ['clicks/views:ratio']);
  same(comparisonOf(analysis, 'large'), golden.ratio);
});

test('two covariates, one with units that lack it, equal least squares', async () => {
  const analysis = await analyze('users', ['revenue:mean'], { covariates: ['revenue_pre', 'visits_pre'] });
  const comparison = comparisonOf(analysis, 'large');
  same(comparison, golden.cuped);
  close(comparison.varianceRemovedRatio ?? NaN, golden.cuped.varianceRemovedRatio ?? NaN, 'variance removed', RTOL);
  const { unadjusted } = comparison;
  assert.ok(unadjusted !== null);
  same({ ...unadjusted, absolute: unadjusted }, golden.fixed.large);
  assert.match(analysis.warnings.map(({ message }) => message).join('\n'), /40 of 420 units have no revenue_pre/);
});

test('always-valid intervals equal the published formula', async () => {
  const analysis = await analyze('users', ['revenue:mean'], { stopping: { rule: 'always-valid' } });
  same(comparisonOf(analysis, 'large'), golden.alwaysValid);
});

test("look 3 of 5 equals the boundary of SciPy's multivariate normal", async () => {
  const stopping = { rule: 'group-sequential', spending: 'obrien-fleming', looks: 5, look: 3 } as const;
  const analysis = await analyze('users', ['revenue:mean'], { stopping });
  // As exact as SciPy integrates three dimensions.
  same(comparisonOf(analysis, 'large'), golden.groupSequential, 1e-5);
});

test('a quantile of rows equals NumPy with the delta method row by row', async () => {
  const analysis = await analyze('events', ['latency:quantile:0.9:good=decrease']);
  same(comparisonOf(analysis, 'treatment'), golden.quantile);
});

test('days since the first row equal SciPy on the units that had them', async () => {
  const { days } = await analyze('events', ['latency:sum'], { date: 'day' });
  for (const day of ['0', '2', '9'] as const) {
    const found = days.find((each) => each.day === Number(day));
    assert.ok(found !== undefined);
    same(found, golden.days[day]);
  }
});

test('clusters equal CR2 by its matrices, and cluster sums with a covariate', async () => {
  const design = { kind: 'cluster', cluster: 'city' } as const;
  same(comparisonOf(await analyze('clusters', ['revenue:mean'], { design }), 'treatment'), golden.clusters);
  const adjusted = await analyze('clusters', ['revenue:mean'], { design, covariates: ['revenue_pre'] });
  same(comparisonOf(adjusted, 'treatment'), golden.clustersCuped);
});

test('a switchback equals a regression of statsmodels on all indicators with Newey-West by pairs', async () => {
  const design = { kind: 'switchback', region: 'region', window: 'window', isLength: false } as const;
  const analysis = await analyze('switchback', ['revenue:mean'], { design });
  same(comparisonOf(analysis, 'treatment'), golden.switchback);
});
