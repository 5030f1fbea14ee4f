import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { jointMomentsFromSums, momentsAt, type JointMoments } from '../joint-moments.ts';
import { cupedSeveral } from '../variance/cuped-several.ts';
import { linearizedRatios } from './ratio.ts';
import { sharesAround } from './quantile.ts';
import { rowsBelow } from './testing/clustered-rows.ts';

interface Sums {
  readonly count: number;
  readonly sumY: number;
  readonly sumYY: number;
  readonly sumX: readonly number[];
  readonly sumXX: readonly (readonly number[])[];
  readonly sumXY: readonly number[];
}
interface Golden {
  readonly ratios: readonly { name: string; sums: Record<string, number>; mean: number; variance: number }[];
  readonly quantiles: readonly {
    name: string;
    level: number;
    values: number[];
    units: number[];
    value: number;
    levelStandardError: number;
  }[];
  readonly covariates: readonly {
    name: string;
    control: Sums;
    treatment: Sums;
    theta: number[];
    means: [number, number];
    variances: [number, number];
    varianceRemovedRatio: number;
  }[];
}

const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/metrics.json'), 'utf8')) as Golden;

function close(actual: number | undefined, expected: number, tolerance: number, what: string): void {
  const isClose = actual !== undefined && Math.abs(actual - expected) <= tolerance * Math.max(1e-9, Math.abs(expected));
  assert.ok(isClose, `${what}: ${actual}, the peer says ${expected}`);
}

for (const { name, sums, mean, variance } of golden.ratios) {
  test(`a ratio with ${name} equals gbstats`, () => {
    const [n = NaN, nn = NaN, d = NaN, dd = NaN, nd = NaN] = [
      sums['sumNumerator'],
      sums['sumNumeratorSquared'],
      sums['sumDenominator'],
      sums['sumDenominatorSquared'],
      sums['sumProduct'],
    ];
    const arm = jointMomentsFromSums({
      count: sums['count'] ?? NaN,
      centres: [0, 0],
      sums: [n, d],
      products: [
        [nn, nd],
        [nd, dd],
      ],
    });
    const moments = momentsAt(linearizedRatios(arm, [{ numerator: 0, denominator: 1 }]), 0);
    close(moments.mean, mean, 1e-12, 'ratio');
    close(moments.variance, variance, 1e-10, 'variance');
  });
}

for (const { name, level, values, units, value, levelStandardError } of golden.quantiles) {
  test(`the share behind a clustered quantile (${name}) is as exact as gbstats says`, () => {
    const around = sharesAround(rowsBelow(values, units, value), level);
    close(around.standardError, levelStandardError, 1e-9, 'standard error');
  });
}

function joint({ count, sumY, sumYY, sumX, sumXX, sumXY }: Sums): JointMoments {
  return jointMomentsFromSums({
    count,
    centres: [0, ...sumX.map(() => 0)],
    sums: [sumY, ...sumX],
    products: [[sumYY, ...sumXY], ...sumXX.map((row, i) => [sumXY[i] ?? NaN, ...row])],
  });
}

for (const expected of golden.covariates) {
  test(`CUPED with covariates, ${expected.name}, equals NumPy`, () => {
    const result = cupedSeveral(joint(expected.control), joint(expected.treatment));
    for (const [i, slope] of expected.theta.entries()) close(result.thetas[i], slope, 1e-6, `theta ${i}`);
    close(result.control.mean, expected.means[0], 1e-9, "control's mean");
    close(result.treatment.mean, expected.means[1], 1e-9, "treatment's mean");
    close(result.control.variance, expected.variances[0], 1e-8, "control's variance");
    close(result.treatment.variance, expected.variances[1], 1e-8, "treatment's variance");
    close(result.varianceRemovedRatio, expected.varianceRemovedRatio, 1e-8, 'variance removed');
  });
}
