import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrate, failuresOf } from './calibrate.ts';
import { share } from './monte-carlo.ts';
import { reportOf } from './report.ts';

const RUNS = 300;

test('a short calibration with a fixed seed: every method is wrong as seldom as it promises, peeking is not', () => {
  const calibration = calibrate(RUNS, 20261123, () => undefined);
  assert.deepEqual(failuresOf(calibration), []);
  for (const { scenario, method, everWrong } of calibration.alwaysValid)
    if (method === 'fixed test, looked at each time')
      assert.ok(everWrong.lower > 0.15, `${scenario.name}: peeking was wrong in ${everWrong.value}`);
  const report = reportOf(calibration, [], ['normal.svg']);
  assert.match(report, /npm run calibrate -- --runs 300 --seed 20261123 --write/);
  assert.doesNotMatch(report, /NaN|undefined/);
});

test('what does not hold is told', () => {
  const calibration = calibrate(60, 1, () => undefined);
  const wrong = calibration.alwaysValid.map((result) => ({ ...result, everWrong: share(40, 200) }));
  const narrow = calibration.coverage.map((result) => ({ ...result, held: share(170, 200) }));
  const failures = failuresOf({ ...calibration, alwaysValid: wrong, coverage: narrow });
  assert.equal(failures.length >= 4 * 5 + 5, true, JSON.stringify(failures));
});

test('a share knows how exact it is', () => {
  const { lower, upper, value } = share(500, 10_000);
  assert.equal(value, 0.05);
  assert.ok(lower > 0.0445 && lower < 0.05 && upper > 0.05 && upper < 0.056);
  assert.throws(() => share(0, 0), /at least one run/);
});
