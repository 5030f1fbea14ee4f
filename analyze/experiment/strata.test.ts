import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { postStratified } from '../../estimators/variance/post-stratification.ts';
import { momentsOf } from '../../estimators/moments.ts';
import { analyzeExperiment } from './analyze-experiment.ts';
import { parseMetric } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';

const LEVELS = { BR: 10, IN: 5, US: 30 };
type Country = keyof typeof LEVELS;

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-strata-'));
});
after(() => rm(folder, { recursive: true }));

interface Unit {
  readonly arm: 'control' | 'treat';
  readonly country: Country;
  readonly revenue: number;
}

function units(): readonly Unit[] {
  const random = seededRandom(5);
  const countries = Object.keys(LEVELS) as Country[];
  return Array.from({ length: 900 }, () => {
    const arm = random.uniform() < 0.5 ? 'control' : 'treat';
    const country = countries[Math.floor(random.uniform() * countries.length)] ?? 'IN';
    const revenue = LEVELS[country] + (arm === 'treat' ? 0.5 : 0) + random.normal();
    return { arm, country, revenue: Number(revenue.toFixed(4)) };
  });
}

async function requestFor(
  rows: readonly string[],
  changes: Partial<ExperimentRequest> = {},
): Promise<ExperimentRequest> {
  const file = path.join(folder, `${rows.length}.csv`);
  await writeFile(file, ['user_id,arm,country,revenue', ...rows].join('\n'));
  return {
    file,
    unit: 'user_id',
    variant: 'arm',
    control: 'control',
    metrics: [parseMetric('revenue:mean')],
    covariates: [],
    segments: [],
    date: null,
    stopping: { rule: 'fixed-horizon' },
    design: { kind: 'user' },
    alpha: 0.05,
    correction: 'none',
    weights: null,
    missing: 'refuse',
    postStratify: 'country',
    ...changes,
  };
}

const rowsOf = (list: readonly Unit[]): string[] =>
  list.map(({ arm, country, revenue }, index) => `u${index},${arm},${country},${revenue}`);

test('arms are compared within the strata of a file', async () => {
  const all = units();
  const { metrics } = await analyzeExperiment(await requestFor(rowsOf(all)));
  const comparison = metrics[0]?.comparisons[0];
  const of = (country: string, arm: string) =>
    momentsOf(all.filter((unit) => unit.country === country && unit.arm === arm).map(({ revenue }) => revenue));
  const expected = postStratified(
    Object.keys(LEVELS).map((name) => ({ name, control: of(name, 'control'), treatment: of(name, 'treat') })),
  );
  const difference = expected.treatment.mean - expected.control.mean;
  assert.ok(Math.abs((comparison?.absolute.estimate ?? NaN) - difference) < 1e-9);
  assert.ok(Math.abs((comparison?.varianceRemovedRatio ?? NaN) - expected.varianceRemovedRatio) < 1e-9);
  assert.ok(comparison?.unadjusted !== null);
});

test('a stratum that lacks an arm is refused by its name, and not left out', async () => {
  const request = await requestFor([...rowsOf(units()), 'x,treat,ZZ,3']);
  await assert.rejects(analyzeExperiment(request), /where it is "ZZ", arm "control" has fewer than 2 units/);
});

test('what has no number per unit is refused', async () => {
  const request = await requestFor(rowsOf(units()), { metrics: [parseMetric('revenue:quantile:0.5')] });
  await assert.rejects(analyzeExperiment(request), /a quantile has no number per unit .* leave --post-stratify out/);
});
