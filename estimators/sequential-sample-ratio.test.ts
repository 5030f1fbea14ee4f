import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../parts/repository-root.ts';
import { seededRandom } from './seeded-random.ts';
import { sequentialSampleRatio } from './sequential-sample-ratio.ts';

interface Case {
  readonly counts: number[];
  readonly weights: number[];
  readonly logEValue: number;
}
const { cases } = JSON.parse(readFileSync(repositoryFile('estimators/golden/sequential_split.json'), 'utf8')) as {
  readonly cases: Case[];
};

for (const { counts, weights, logEValue } of cases) {
  test(`${counts.join(' : ')} of ${weights.join(' : ')} equals SciPy's Dirichlet-multinomial`, () => {
    const actual = sequentialSampleRatio(counts, weights).logEValue;
    assert.ok(Math.abs(actual - logEValue) < 1e-7, `${actual}, SciPy says ${logEValue}`);
  });
}

test('watched after every hundred units, a right split raises an alarm in at most 1 %, a wrong one soon', () => {
  const random = seededRandom(20261126);
  const alpha = 0.01;
  const alarmsWith = (share: number, experiments: number): number => {
    let alarms = 0;
    for (let experiment = 0; experiment < experiments; experiment += 1) {
      let [control, treatment] = [0, 0];
      for (let look = 0; look < 200; look += 1) {
        for (let unit = 0; unit < 100; unit += 1) treatment += random.bernoulli(share);
        control = (look + 1) * 100 - treatment;
        if (sequentialSampleRatio([control, treatment], [1, 1]).pValue <= alpha) {
          alarms += 1;
          break;
        }
      }
    }
    return alarms / experiments;
  };
  assert.ok(alarmsWith(0.5, 1_000) <= alpha);
  assert.ok(alarmsWith(0.53, 100) > 0.95);
});

test('no units say nothing; what cannot be is an error', () => {
  assert.equal(sequentialSampleRatio([0, 0], [1, 1]).pValue, 1);
  assert.throws(() => sequentialSampleRatio([1], [1]), /at least 2 arms/);
  assert.throws(() => sequentialSampleRatio([1, -1], [1, 1]), /a count is -1/);
  assert.throws(() => sequentialSampleRatio([1, 1], [1, 0]), /must be above 0/);
});
