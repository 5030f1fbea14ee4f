import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CovariateSums } from '../../estimators/cuped.ts';
import { repositoryFile } from '../../parts/repository-root.ts';
import { ALPHA, readRow, TUNED_FOR_COUNT } from './whole-path.ts';
import { createRows } from './workload.ts';

interface Arm {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly kind: 'absolute' | 'relative';
    readonly alpha: number;
    readonly tunedForCount: number;
    readonly control: Arm;
    readonly treatment: Arm;
    readonly lower: number;
    readonly upper: number;
  }[];
}

/** A covariate that does not vary adjusts nothing. */
function withoutCovariate({ count, sum, sumOfSquares }: Arm): CovariateSums {
  return { count, sumY: sum, sumYY: sumOfSquares, sumX: 0, sumXX: 0, sumXY: 0 };
}

test('what the benchmark times gives the intervals of gbstats', () => {
  const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/sequential.json'), 'utf8')) as Golden;
  const cases = golden.cases.filter(({ alpha, tunedForCount }) => alpha === ALPHA && tunedForCount === TUNED_FOR_COUNT);
  assert.ok(cases.length >= 8, 'the golden file has cases at this alpha and tuning');
  for (const { name, kind, control, treatment, lower, upper } of cases) {
    const reading = readRow({ control: withoutCovariate(control), treatment: withoutCovariate(treatment) });
    const interval = reading[kind];
    assert.ok(interval !== null, name);
    const tolerance = 1e-9 * (upper - lower);
    assert.ok(Math.abs(interval.lower - lower) <= tolerance, `${name}: lower ${interval.lower}, ${lower} by gbstats`);
    assert.ok(Math.abs(interval.upper - upper) <= tolerance, `${name}: upper ${interval.upper}, ${upper} by gbstats`);
  }
});

test('rows of the workload have covariates that remove variance, and are the same for the same seed', () => {
  const rows = createRows(20, 1);
  assert.deepEqual(rows, createRows(20, 1));
  const removed = rows.map((row) => readRow(row).varianceRemovedRatio);
  assert.ok(Math.max(...removed) > 0.5, `at most ${Math.max(...removed)} is removed`);
});
