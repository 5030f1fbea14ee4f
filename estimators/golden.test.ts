import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import { upperChiSquare } from './chi-square.ts';
import { confidenceSequence } from './confidence-sequence.ts';
import { cuped, type CovariateSums } from './cuped.ts';
import { differenceOfMeans } from './effect.ts';
import { momentsFromSums, type Sums } from './moments.ts';
import { relativeLift } from './relative-lift.ts';
import { sampleRatio } from './sample-ratio.ts';
import { twoSidedTail } from './student-t.ts';
import { welch } from './welch.ts';

// Values of scipy, tea-tasting and gbstats: golden/make_golden.py and golden/make_sequential.py, versions in the files.
interface Golden {
  readonly welch: readonly (Interval & { control: Sums; treatment: Sums; t: number; degreesOfFreedom: number })[];
  readonly chiSquareTail: readonly { value: number; degreesOfFreedom: number; pValue: number }[];
  readonly studentTail: readonly { t: number; degreesOfFreedom: number; pValue: number }[];
  readonly sampleRatio: readonly { counts: number[]; weights: number[]; chiSquare: number; pValue: number }[];
  readonly cuped: readonly (Interval & {
    control: CovariateSums;
    treatment: CovariateSums;
    controlMean: number;
    treatmentMean: number;
    estimate: number;
  })[];
}
interface Interval {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  readonly pValue: number;
}
interface Sequential {
  readonly cases: readonly (Interval & {
    kind: 'absolute' | 'relative';
    alpha: number;
    tunedForCount: number;
    control: Sums;
    treatment: Sums;
    estimate: number;
  })[];
}

const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/golden.json'), 'utf8')) as Golden;
const sequential = JSON.parse(readFileSync(repositoryFile('estimators/golden/sequential.json'), 'utf8')) as Sequential;

const RTOL = 1e-9;

function close(actual: number, expected: number, what: string, rtol = RTOL): void {
  const tolerance = rtol * Math.max(Math.abs(expected), 1e-300);
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, the peer says ${expected}`);
}

test("Welch's test equals scipy.stats.ttest_ind(equal_var=False)", () => {
  for (const { name, control, treatment, ...expected } of golden.welch) {
    const actual = welch(momentsFromSums(control), momentsFromSums(treatment));
    for (const field of ['t', 'degreesOfFreedom', 'lower', 'upper'] as const) {
      close(actual[field], expected[field], `${name}: ${field}`, 1e-8);
    }
    close(actual.pValue, expected.pValue, `${name}: pValue`, 1e-8);
  }
});

test("tails of Student's t equal scipy's, far out too", () => {
  for (const { t, degreesOfFreedom: df, pValue } of golden.studentTail) {
    if (pValue < 1e-250) continue;
    close(twoSidedTail(t, df), pValue, `t = ${t}, df = ${df}`, 1e-8);
  }
});

test("chi-square tails equal scipy's, far out too", () => {
  for (const { value, degreesOfFreedom, pValue } of golden.chiSquareTail) {
    close(upperChiSquare(value, degreesOfFreedom), pValue, `${value}, ${degreesOfFreedom} df`, 1e-8);
  }
});

test('the sample ratio test equals scipy.stats.chisquare', () => {
  for (const { counts, weights, chiSquare, pValue } of golden.sampleRatio) {
    const actual = sampleRatio(counts, weights);
    if (chiSquare > 0) close(actual.chiSquare, chiSquare, `${counts.join()}: chiSquare`);
    close(actual.pValue, pValue, `${counts.join()}: pValue`, 1e-8);
  }
});

test("CUPED equals tea-tasting's: means, interval and p-value", () => {
  for (const { name, control, treatment, ...expected } of golden.cuped) {
    const adjusted = cuped(control, treatment);
    close(adjusted.control.mean, expected.controlMean, `${name}: control's mean`, 1e-8);
    close(adjusted.treatment.mean, expected.treatmentMean, `${name}: treatment's mean`, 1e-8);
    const actual = welch(adjusted.control, adjusted.treatment);
    close(actual.lower, expected.lower, `${name}: lower`, 1e-6);
    close(actual.upper, expected.upper, `${name}: upper`, 1e-6);
    close(actual.pValue, expected.pValue, `${name}: pValue`, 1e-6);
  }
});

test("confidence sequences equal gbstats', absolute and relative", () => {
  for (const { name, kind, alpha, tunedForCount, control, treatment, ...expected } of sequential.cases) {
    const arms = [momentsFromSums(control), momentsFromSums(treatment)] as const;
    const effect = kind === 'absolute' ? differenceOfMeans(...arms) : relativeLift(...arms);
    assert.ok(effect !== null);
    const count = control.count + treatment.count;
    const actual = confidenceSequence({ ...effect, count, alpha, tunedForCount });
    for (const field of ['estimate', 'lower', 'upper', 'pValue'] as const) {
      close(actual[field], expected[field], `${name}: ${field}`, 1e-8);
    }
  }
});
