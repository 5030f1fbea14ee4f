import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../estimators/seeded-random.ts';
import { answer } from './answer.ts';
import type { AskedQuestion } from './report/report.ts';
import { optionsOf, prepare } from './steps.ts';
import type { RawStudy } from './study/raw-column.ts';

const ASKED: AskedQuestion = {
  treatment: 'failed',
  outcome: 'spend',
  outcomeUnit: 'Rs',
  covariates: ['age', 'region', 'prior'],
  segments: ['region'],
  method: 'auto',
  estimand: 'ATT',
  alpha: 0.05,
  seed: 3,
};

interface World {
  readonly seed: number;
  readonly rowCount: number;
  readonly effect: number;
  /** Of what nobody measured, on treatment and outcome. */
  readonly hidden?: number;
  /** How strongly covariates decide the treatment. */
  readonly selection?: number;
}

/** Treatment and outcome both depend on age, region and prior spend, and maybe on something hidden that also moves a negative control. */
function world({ seed, rowCount, effect, hidden = 0, selection = 1 }: World): RawStudy {
  const random = seededRandom(seed);
  const treatment = new Uint8Array(rowCount);
  const outcome = new Float64Array(rowCount);
  const age = new Float64Array(rowCount);
  const prior = new Float64Array(rowCount);
  const codes = new Int32Array(rowCount);
  const logins = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    const of = random.normal();
    age[row] = 35 + 10 * random.normal();
    prior[row] = random.exponential(50);
    codes[row] = Math.floor(3 * random.uniform());
    const logit =
      selection * (0.05 * (age[row]! - 35) - 0.012 * (prior[row]! - 50) + 0.5 * (codes[row]! - 1)) + hidden * of - 0.8;
    treatment[row] = random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    outcome[row] =
      100 -
      0.8 * age[row]! +
      0.6 * prior[row]! -
      6 * codes[row]! +
      20 * hidden * of +
      effect * treatment[row]! +
      12 * random.normal();
    logins[row] = 5 + 2 * hidden * of + random.normal();
  }
  return {
    rowCount,
    treatment,
    outcome,
    covariates: [
      { kind: 'number', name: 'age', values: age },
      { kind: 'category', name: 'region', levels: ['north', 'south', 'west'], codes },
      { kind: 'number', name: 'prior', values: prior },
    ],
    segments: [{ kind: 'category', name: 'region', levels: ['north', 'south', 'west'], codes }],
    placebos: [{ name: 'logins', kind: 'negative control', values: logins }],
  };
}

test('a confounded world is answered: the interval holds the truth, and the plain difference does not', () => {
  const report = answer(world({ seed: 1, rowCount: 6000, effect: -15 }), ASKED);
  assert.equal(report.status, 'credible', report.reasons.join('\n'));
  assert.ok(report.effect!.lower < -15 && report.effect!.upper > -15, JSON.stringify(report.effect));
  assert.ok(report.naive!.upper < -20, JSON.stringify(report.naive));
  assert.match(
    report.finding ?? '',
    /^For units with failed: spend is Rs 1\d\.\d\d less than it would have been without it/,
  );
  for (const { method, effect, reason } of report.methods)
    if (effect !== null && method !== 'cem')
      assert.ok(Math.abs(effect.estimate + 15) < 4 * effect.standardError, method + reason);
  assert.equal(report.segments.length, 3);
  assert.ok(report.balance.every(({ after }) => after !== null && Math.abs(after.standardizedDifference) < 0.1));
});

test('a hidden confounder that a negative control carries is not believed', () => {
  const report = answer(world({ seed: 2, rowCount: 6000, effect: -5, hidden: 0.8 }), ASKED);
  assert.equal(report.status, 'refused');
  assert.match(report.reasons.join(), /logins, which the treatment cannot have changed, shows an effect/);
  assert.deepEqual(
    [report.effect, report.naive, report.finding, report.methods, report.segments, report.sensitivity, report.means],
    [null, null, null, [], [], null, null],
  );
});

test('where nobody is alike there is no answer', () => {
  const report = answer(world({ seed: 3, rowCount: 3000, effect: -5, selection: 12 }), { ...ASKED, method: 'ipw' });
  assert.notEqual(report.status, 'credible');
  const few = answer(world({ seed: 3, rowCount: 40, effect: -5 }), ASKED);
  assert.equal(few.status, 'refused');
  assert.match(few.reasons.join(), /There are \d+ treated units; at least 20 are needed/);
});

test('no effect is not called one', () => {
  const report = answer(world({ seed: 8, rowCount: 4000, effect: 0 }), ASKED);
  assert.equal(report.status, 'fragile');
  assert.match(report.finding ?? '', /so it is not shown that there is an effect/);
});

test('the same question and data give the same answer, to the last digit', () => {
  const raw = world({ seed: 5, rowCount: 2000, effect: 4 });
  assert.deepEqual(answer(raw, ASKED), answer(raw, ASKED));
});

test('an outcome that never varies and a method that cannot give the estimand are refused in words', () => {
  const raw = world({ seed: 5, rowCount: 2000, effect: 4 });
  assert.match(
    answer({ ...raw, outcome: new Float64Array(2000).fill(7) }, ASKED).reasons.join(),
    /spend is 7 for every unit/,
  );
  const reasons = answer(raw, { ...ASKED, method: 'psm', estimand: 'ATE' }).reasons.join();
  assert.match(reasons, /psm: gives no ATE/);
});

test('what no line follows is answered with boosted trees', () => {
  const raw = world({ seed: 6, rowCount: 3000, effect: 5 });
  const age = raw.covariates[0];
  assert.ok(age?.kind === 'number');
  // Who is old or young spends more, and is treated more often: a straight line sees nothing of it.
  const random = seededRandom(12);
  const bend = age.values.map((of) => ((of - 35) / 10) ** 2);
  const treatment = Uint8Array.from(bend, (of) => (random.uniform() < 1 / (1 + Math.exp(1.2 - 0.8 * of)) ? 1 : 0));
  const outcome = Float64Array.from(bend, (of, row) => 10 + 8 * of + 5 * treatment[row]! + 4 * random.normal());
  const asked = { ...ASKED, covariates: ['age'], segments: [], method: 'aipw' as const };
  const bent = { ...raw, treatment, outcome, covariates: [age], segments: [], placebos: [] };
  const offBy = (nuisances: 'linear' | 'boosted-trees'): number => {
    const { found } = prepare(bent, asked, optionsOf(asked, { nuisances }));
    return Math.abs(found.chosen.estimate - 5);
  };
  const [linear, trees] = [offBy('linear'), offBy('boosted-trees')];
  assert.ok(trees < 0.2 * linear, `off by ${trees} with trees, by ${linear} with lines`);
});
