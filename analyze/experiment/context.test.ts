import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { jointMomentsFromSums, type JointMoments } from '../../estimators/joint-moments.ts';
import { momentsOf } from '../../estimators/moments.ts';
import { interaction } from '../../estimators/reading/interaction.ts';
import { triggeredEffect } from '../../estimators/reading/triggered-effect.ts';
import { effectTrend } from '../../estimators/reading/effect-trend.ts';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { cupacPredictions } from '../../estimators/variance/cupac.ts';
import { cupedSeveral } from '../../estimators/variance/cuped-several.ts';
import { analyzeExperiment } from './analyze-experiment.ts';
import { parseMetric } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'umpire-context-'));
});
after(() => rm(folder, { recursive: true }));

async function requestOf(
  lines: readonly string[],
  metric: string,
  changes: Partial<ExperimentRequest>,
): Promise<ExperimentRequest> {
  const file = path.join(folder, `${createHash('md5').update(lines.join()).digest('hex')}.csv`);
  await writeFile(file, lines.join('\n'));
  return {
    file,
    unit: 'user_id',
    variant: 'arm',
    control: 'control',
    metrics: [parseMetric(metric)],
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
  };
}

const near = (found: number | undefined, expected: number): void =>
  assert.ok(Math.abs((found ?? NaN) - expected) <= 1e-8 * Math.max(1, Math.abs(expected)), `${found} for ${expected}`);

const COUNTRIES = { BR: 4, IN: 0, US: 9 } as const;

interface Person {
  readonly arm: 'control' | 'treat';
  readonly country: keyof typeof COUNTRIES;
  readonly before: number;
  readonly other: 'off' | 'on';
  readonly seen: 0 | 1;
  readonly spend: number;
}

function people(seed: number, count: number): readonly Person[] {
  const random = seededRandom(seed);
  const countries = Object.keys(COUNTRIES) as (keyof typeof COUNTRIES)[];
  return Array.from({ length: count }, () => {
    const arm = random.uniform() < 0.5 ? 'control' : 'treat';
    const country = countries[Math.floor(random.uniform() ** 2 * countries.length)] ?? 'IN';
    const other = random.uniform() < 0.5 ? 'off' : 'on';
    const seen = random.bernoulli(0.4) === 1 ? 1 : 0;
    const before = Number(random.exponential(3).toFixed(3));
    const effect = arm === 'treat' && seen === 1 ? (other === 'on' ? 3 : 1) : 0;
    const spend = Number((COUNTRIES[country] + 0.5 * before + effect + random.normal()).toFixed(4));
    return { arm, country, before, other, seen, spend };
  });
}

const HEAD = 'user_id,arm,country,before,other,seen,spend';
const linesOf = (all: readonly Person[]): string[] => [
  HEAD,
  ...all.map((each, index) =>
    [`u${index}`, each.arm, each.country, each.before, each.other, each.seen, each.spend].join(','),
  ),
];

test('CUPAC of a file is CUPED with the predictions of its folds', async () => {
  const all = people(11, 1200);
  const request = await requestOf(linesOf(all), 'spend:mean', { predictors: ['country', 'before'] });
  const [comparison] = (await analyzeExperiment(request)).metrics[0]?.comparisons ?? [];
  const folds = all.map((_, index) => foldOf(`u${index}`));
  const moments = momentsOf(all.map(({ before: value }) => value));
  const counts = (name: string): number => all.filter(({ country }) => country === name).length;
  const [, ...levels] = Object.keys(COUNTRIES).toSorted((a, b) => counts(b) - counts(a));
  const features = all.map(({ country, before: value }) => [
    ...levels.map((level) => (country === level ? 1 : 0)),
    (value - moments.mean) / Math.sqrt(moments.variance),
  ]);
  const predictions = cupacPredictions({ outcomes: all.map(({ spend }) => spend), features, folds }, 1);
  const jointOf = (arm: Person['arm']): JointMoments =>
    jointOfRows(all.flatMap((each, index) => (each.arm === arm ? [[each.spend, predictions[index] ?? NaN]] : [])));
  const expected = cupedSeveral(jointOf('control'), jointOf('treat'));
  near(comparison?.absolute.estimate, expected.treatment.mean - expected.control.mean);
  near(comparison?.varianceRemovedRatio ?? NaN, expected.varianceRemovedRatio);
  assert.ok(expected.varianceRemovedRatio > 0.7);
});

test('CUPAC predicts the numerator of a ratio beyond what its denominator explains', async () => {
  const random = seededRandom(3);
  const lines = Array.from({ length: 3000 }, (_, index) => {
    const trait = random.normal();
    const views = 1 + Math.floor(random.exponential(4));
    const clicks = Math.max(0, Math.round(views * (0.4 + 0.2 * trait) + 0.3 * random.normal()));
    return `u${index},${index % 2 === 0 ? 'control' : 'treat'},${trait.toFixed(4)},${clicks},${views}`;
  });
  const request = await requestOf(['user_id,arm,trait,clicks,views', ...lines], 'clicks/views:ratio', {
    predictors: ['trait'],
  });
  const [comparison] = (await analyzeExperiment(request)).metrics[0]?.comparisons ?? [];
  assert.ok((comparison?.varianceRemovedRatio ?? 0) > 0.4, String(comparison?.varianceRemovedRatio));
});

test('what --cupac cannot do is refused by name', async () => {
  const lines = linesOf(people(2, 400));
  const refused = async (metric: string, changes: Partial<ExperimentRequest>, message: RegExp): Promise<void> =>
    assert.rejects(analyzeExperiment(await requestOf(lines, metric, changes)), message);
  await refused('spend:quantile:0.5', { predictors: ['country'] }, /a quantile has no number per unit to predict/);
  await refused(
    'spend:mean',
    { predictors: ['country'], design: { kind: 'cluster', cluster: 'user_id' } },
    /not for clusters/,
  );
  const same = lines.map((line, index) => `${line},${index === 0 ? 'planet' : 'earth'}`);
  await assert.rejects(
    analyzeExperiment(await requestOf(same, 'spend:mean', { predictors: ['planet'] })),
    /column "planet" is the same for every unit/,
  );
  await assert.rejects(
    analyzeExperiment(await requestOf(lines.slice(0, 61), 'spend:mean', { predictors: ['country'] })),
    /at least 20 units in each/,
  );
});

test('another experiment that changes the effect is found, and named', async () => {
  const all = people(5, 2400);
  const request = await requestOf(linesOf(all), 'spend:mean', {
    otherExperiments: [{ column: 'other', control: 'off' }],
  });
  const { interactions, warnings } = await analyzeExperiment(request);
  const cell = (other: string, arm: string) =>
    momentsOf(all.filter((each) => each.other === other && each.arm === arm).map(({ spend }) => spend));
  const expected = interaction({
    withoutOther: { control: cell('off', 'control'), treatment: cell('off', 'treat') },
    withOther: { control: cell('on', 'control'), treatment: cell('on', 'treat') },
  });
  const [found] = interactions;
  near(found?.difference.estimate, expected.effect.estimate);
  near(found?.difference.standardError, expected.effect.standardError);
  assert.ok(warnings.some(({ code, message }) => code === 'interaction' && message.includes('experiment other')));
  const unnamed = { ...request, otherExperiments: [{ column: 'other', control: null }] };
  await assert.rejects(analyzeExperiment(unnamed), /holds "off", "on", but no "control"; say which/);
});

test('what triggered units gain is spread over all assigned ones', async () => {
  const all = people(7, 3000);
  const request = await requestOf(linesOf(all), 'spend:mean', { triggered: 'seen' });
  const { dilution, warnings } = await analyzeExperiment(request);
  const armOf = (arm: string) => {
    const units = all.filter((each) => each.arm === arm);
    const triggered = units.filter(({ seen }) => seen === 1);
    return {
      triggered: momentsOf(triggered.map(({ spend }) => spend)),
      untriggeredCount: units.length - triggered.length,
    };
  };
  const expected = triggeredEffect(armOf('control'), armOf('treat'));
  near(dilution[0]?.overall.estimate, expected.overall.estimate);
  near(dilution[0]?.overall.standardError, expected.overall.standardError);
  near(dilution[0]?.triggeredRatio, expected.triggeredRatio);
  assert.deepEqual(warnings, []);
  const more = all.map((each) => (each.arm === 'treat' ? { ...each, seen: 1 as const } : each));
  const broken = await analyzeExperiment(await requestOf(linesOf(more), 'spend:mean', { triggered: 'seen' }));
  assert.deepEqual(broken.dilution, []);
  assert.deepEqual(
    broken.warnings.map(({ code }) => code),
    ['trigger-mismatch'],
  );
});

test('a novelty is told from an effect that lasts', async () => {
  const random = seededRandom(9);
  const units = Array.from({ length: 900 }, (_, index) => {
    const isTreated = index % 2 === 1;
    const days = [0, 1, 2, 3, 4].map((day) =>
      Number(((isTreated ? 2 - 0.5 * day : 0) + 3 + random.normal()).toFixed(3)),
    );
    return { arm: isTreated ? 'treat' : 'control', days };
  });
  const lines = units.flatMap(({ arm, days }, index) =>
    days.map((spend, day) => `u${index},${arm},2026-03-0${day + 1},${spend}`),
  );
  const request = await requestOf(['user_id,arm,day,spend', ...lines], 'spend:mean', { date: 'day' });
  const { trends, warnings } = await analyzeExperiment(request);
  const jointOf = (arm: string): JointMoments =>
    jointOfRows(units.filter((each) => each.arm === arm).map(({ days }) => days));
  const expected = effectTrend(jointOf('control'), jointOf('treat'));
  near(trends[0]?.slopePerDay.estimate, expected.slope.estimate);
  near(trends[0]?.secondHalf.estimate, expected.secondHalf.estimate);
  assert.equal(trends[0]?.reading, 'fades');
  assert.ok(warnings.some(({ code }) => code === 'novelty'));
});

test('a day on which units begin twice is pointed at', async () => {
  const lines = Array.from({ length: 7 }, (_, day) =>
    Array.from(
      { length: day === 3 ? 400 : 60 },
      (__, index) => `d${day}u${index},${index % 2 === 0 ? 'control' : 'treat'},2026-03-0${day + 1},${index % 7}`,
    ),
  ).flat();
  const request = await requestOf(['user_id,arm,day,spend', ...lines], 'spend:mean', { date: 'day' });
  const { warnings } = await analyzeExperiment(request);
  const [jump] = warnings.filter(({ code }) => code === 'volume-jump');
  assert.match(jump?.message ?? '', /^400 units began on 2026-03-04, far more than the 60/);
});

/** The fold as DuckDB counts it: the second half of the MD5 of the unit’s name, little-endian, by 5. */
function foldOf(unit: string): number {
  return Number(createHash('md5').update(`cupac:${unit}`).digest().readBigUInt64LE(8) % 5n);
}

function jointOfRows(rows: readonly (readonly number[])[]): JointMoments {
  const places = (rows[0] ?? []).map((_, index) => index);
  const total = (of: (row: readonly number[]) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const centres = places.map((i) => total((row) => row[i] ?? NaN) / rows.length);
  const deviation = (row: readonly number[], i: number): number => (row[i] ?? NaN) - (centres[i] ?? 0);
  return jointMomentsFromSums({
    count: rows.length,
    centres,
    sums: places.map(() => 0),
    products: places.map((i) => places.map((j) => total((row) => deviation(row, i) * deviation(row, j)))),
  });
}
