import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repositoryFile } from '../../parts/repository-root.ts';
import { seededRandom } from '../seeded-random.ts';
import { bernoulliSequence, logBernoulliMixture, mixtureConcentration, type Trials } from './bernoulli-mixture.ts';
import { eventSplit } from './event-split.ts';
import { isRare, rarerOutcomeSequence } from './rarer-outcome.ts';
import { proportionSequence } from './proportion-sequence.ts';
import {
  quantileDifferenceSequence,
  quantileRanks,
  quantileSequence,
  quantileWindow,
  rankedValues,
} from './quantile-sequence.ts';

// Values of confseq 0.0.11 and of a grid search with SciPy: golden/make_finite_sample.py.
interface Tuned {
  readonly alpha: number;
  readonly tunedForCount: number;
}
interface Golden {
  readonly rates: readonly (Tuned & Trials & { readonly lower: number; readonly upper: number })[];
  readonly splits: readonly (Tuned & {
    readonly control: number;
    readonly treatment: number;
    readonly treatmentShare: number;
    readonly logEvidence: number;
  })[];
  readonly differences: readonly (Tuned & {
    readonly control: Trials;
    readonly treatment: Trials;
    readonly treatmentShare: number;
    readonly lower: number;
    readonly upper: number;
  })[];
  readonly quantiles: readonly (Tuned & {
    readonly count: number;
    readonly quantile: number;
    readonly lower: number;
    readonly upper: number;
  })[];
  /** Logistic values at evenly spaced shares, so many in each arm; the treatment's are shifted. */
  readonly pairs: readonly (Tuned & {
    readonly control: number;
    readonly treatment: number;
    readonly shift: number;
    readonly quantile: number;
    readonly pValue: number;
  })[];
}
const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/finite-sample.json'), 'utf8')) as Golden;

function close(actual: number, expected: number, tolerance: number, what = ''): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);
}

test('the confidence sequence of a rate equals confseq’s', () => {
  for (const { lower, upper, successes, trials, ...tuning } of golden.rates) {
    const actual = bernoulliSequence({ successes, trials }, tuning);
    const name = `${successes} of ${trials}`;
    // confseq searches to about eight digits.
    close(actual.lower, lower, 1e-7 * lower + 1e-14, `${name}, lower`);
    close(actual.upper, upper, 1e-7 * upper, `${name}, upper`);
  }
});

test('the evidence of events by their arms equals confseq’s mixture', () => {
  for (const { control, treatment, logEvidence, ...input } of golden.splits) {
    const { pValue } = eventSplit({ control, treatment }, input);
    close(pValue, Math.min(1, Math.exp(-logEvidence)), 1e-7, `${control} : ${treatment}`);
  }
});

test('the difference of two rates equals a search over a grid', () => {
  for (const { control, treatment, lower, upper, ...input } of golden.differences) {
    const { absolute } = proportionSequence(control, treatment, input);
    const name = `${control.successes} and ${treatment.successes}`;
    close(absolute.lower, lower, 1e-6 * Math.abs(upper - lower), `${name}, lower`);
    close(absolute.upper, upper, 1e-6 * Math.abs(upper - lower), `${name}, upper`);
  }
});

test('the ranks of a quantile equal those of confseq’s mixture', () => {
  for (const { count, lower, upper, ...tuning } of golden.quantiles)
    assert.deepEqual(quantileRanks(count, tuning), { lower, upper }, `${count} values, ${tuning.quantile}`);
});

test('the p-value of two quantiles equals that of Howard and Ramdas', () => {
  const arm = (count: number, shift: number) =>
    rankedValues(Float64Array.from({ length: count }, (_, i) => shift + Math.log((i + 0.5) / (count - i - 0.5))));
  for (const { control, treatment, shift, pValue, ...tuning } of golden.pairs) {
    const actual = quantileDifferenceSequence(arm(control, 0), arm(treatment, shift), tuning).pValue;
    // Ours stops at e to the power of −40.
    close(actual, Math.max(pValue, Math.exp(-40)), 1e-9 * pValue, `${control} and ${treatment}, ${shift}`);
  }
});

test('in finite samples the evidence has expectation 1 under the rate, whatever it is', () => {
  const concentration = mixtureConcentration({ alpha: 0.05, tunedForCount: 40 });
  for (const rate of [0.003, 0.2, 0.5, 0.97]) {
    const trials = 12;
    let expectation = 0;
    let probability = (1 - rate) ** trials;
    for (let successes = 0; successes <= trials; successes += 1) {
      expectation += probability * Math.exp(logBernoulliMixture({ successes, trials }, rate, concentration));
      probability *= ((trials - successes) / (successes + 1)) * (rate / (1 - rate));
    }
    close(expectation, 1, 1e-10, `rate ${rate}`);
  }
});

/** Mostly small. */
function rates() {
  return fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share ** 3);
}

/** Units that were split as they should be, each arm with a rate of its own. */
const splits = fc
  .tuple(fc.integer({ min: 40, max: 6_000 }), fc.double({ min: 0.05, max: 0.95, noNaN: true }), rates(), rates())
  .map(([units, treatmentShare, ofControl, ofTreatment]) => {
    const inTreatment = Math.min(units - 1, Math.max(1, Math.round(units * treatmentShare)));
    const armOf = (trials: number, rate: number): Trials => ({ trials, successes: Math.round(trials * rate) });
    return {
      control: armOf(units - inTreatment, ofControl),
      treatment: armOf(inTreatment, ofTreatment),
      treatmentShare: inTreatment / units,
    };
  });
const shares = fc.double({ min: 0.05, max: 0.95, noNaN: true });

test('of two proportions, intervals hold their estimates and mirror each other, and the p-value says what both do', () => {
  fc.assert(
    fc.property(splits, ({ control, treatment, treatmentShare }) => {
      const input = { alpha: 0.05, tunedForCount: 5_000 };
      const { absolute, relative, pValue } = proportionSequence(control, treatment, { ...input, treatmentShare });
      for (const { estimate, lower, upper } of [absolute]) assert.ok(lower <= estimate && estimate <= upper);
      assert.ok(absolute.lower >= -1 && absolute.upper <= 1 && relative.lower >= -1);
      const other = proportionSequence(treatment, control, { ...input, treatmentShare: 1 - treatmentShare });
      close(other.absolute.lower, -absolute.upper, 1e-6);
      fc.pre(Math.abs(pValue / 0.05 - 1) > 1e-6);
      assert.equal(pValue < 0.05, relative.lower > 0 || relative.upper < 0);
      assert.equal(pValue < 0.05, absolute.lower > 0 || absolute.upper < 0);
    }),
    { numRuns: 150, seed: 3 },
  );
});

const valuesOf = fc
  .array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 250 })
  .map((values) => rankedValues(values.sort((a, b) => a - b)));

test('of two quantiles, also with ties, intervals mirror each other and the p-value says what the interval does', () => {
  fc.assert(
    fc.property(valuesOf, valuesOf, fc.integer({ min: 0, max: 40 }), shares, (control, other, shift, quantile) => {
      const tuning = { quantile, alpha: 0.2, tunedForCount: 100 };
      const treatment = { count: other.count, at: (rank: number) => other.at(rank) + shift };
      const actual = quantileDifferenceSequence(control, treatment, tuning);
      assert.ok(actual.lower <= actual.estimate && actual.estimate <= actual.upper);
      const mirrored = quantileDifferenceSequence(treatment, control, tuning);
      assert.deepEqual([mirrored.lower, mirrored.upper], [-actual.upper + 0, -actual.lower + 0]);
      close(mirrored.pValue, actual.pValue, 1e-12);
      assert.equal(actual.pValue <= 0.2, actual.lower > 0 || actual.upper < 0);
      // Each arm alone, at half the level, is the simple way to the same; it is wider.
      const half = { ...tuning, alpha: 0.1 };
      const [a, b] = [quantileSequence(control, half), quantileSequence(treatment, half)];
      assert.ok(
        b.upper - a.lower >= actual.upper || Number.isNaN(b.upper - a.lower) || control.count < 60 || other.count < 60,
      );
    }),
    { numRuns: 200, seed: 4 },
  );
});

test('where nearly all succeed, the failures are read, and say the same', () => {
  const input = { alpha: 0.05, treatmentShare: 0.25, tunedForCount: 10_000 };
  const [control, treatment] = [
    { successes: 2_990, trials: 3_000 },
    { successes: 970, trials: 1_000 },
  ];
  assert.ok(isRare(control, treatment));
  const actual = rarerOutcomeSequence(control, treatment, input);
  const failures = proportionSequence({ successes: 10, trials: 3_000 }, { successes: 30, trials: 1_000 }, input);
  assert.equal(actual.pValue, failures.pValue);
  assert.ok(actual.pValue < 0.05 && actual.absolute.upper < 0 && actual.relative.upper < 0);
  assert.deepEqual(
    [actual.absolute.lower, actual.absolute.upper],
    [-failures.absolute.upper, -failures.absolute.lower],
  );
  // As a share of control's rate, which is close to 1.
  assert.ok(actual.relative.lower < actual.absolute.lower && actual.relative.lower > actual.absolute.lower * 1.02);
  close(actual.relative.estimate, 0.97 / (2_990 / 3_000) - 1, 1e-12);
  const few = rarerOutcomeSequence({ successes: 1, trials: 1 }, { successes: 2, trials: 2 }, input);
  assert.ok(few.relative.lower >= -1 && few.pValue === 1);
  const rare = [
    { successes: 10, trials: 3_000 },
    { successes: 30, trials: 1_000 },
  ] as const;
  assert.deepEqual(rarerOutcomeSequence(...rare, input), failures);
  assert.ok(!isRare({ successes: 50, trials: 100 }, { successes: 60, trials: 200 }));
});

test('who holds only a window of the values reads the same', () => {
  const random = seededRandom(8);
  const arm = (shift: number) => Float64Array.from({ length: 40_000 }, () => random.normal() + shift).sort();
  const tuning = { quantile: 0.9, alpha: 0.05, tunedForCount: 10_000 };
  const [control, treatment] = [rankedValues(arm(0)), rankedValues(arm(0.07))];
  const { lower, upper } = quantileWindow(40_000, tuning);
  assert.ok(upper - lower < 2_000);
  const windowed = (values: typeof control) => ({
    count: values.count,
    at: (rank: number) => (rank < lower || rank > upper ? NaN : values.at(rank)),
  });
  assert.deepEqual(
    quantileDifferenceSequence(windowed(control), windowed(treatment), tuning),
    quantileDifferenceSequence(control, treatment, tuning),
  );
});

test('what cannot be is refused by name', () => {
  const tuning = { alpha: 0.05, tunedForCount: 100 };
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => bernoulliSequence({ successes: 3, trials: 2 }, tuning), /from 0 to the trials, got 3 of 2/],
    [() => bernoulliSequence({ successes: 1, trials: 2 }, { ...tuning, alpha: 0 }), /alpha must lie between 0 and 1/],
    [
      () => bernoulliSequence({ successes: 1, trials: 2 }, { ...tuning, tunedForCount: 0 }),
      /tunedForCount must be above 0/,
    ],
    [
      () => eventSplit({ control: 1, treatment: 2 }, { ...tuning, treatmentShare: 1 }),
      /share must lie between 0 and 1/,
    ],
    [() => quantileRanks(10, { ...tuning, quantile: 1 }), /quantile must lie between 0 and 1/],
    [() => quantileSequence(rankedValues([]), { ...tuning, quantile: 0.5 }), /there are no values/],
    [() => rankedValues([1, 0]), /must ascend, but 0 follows 1/],
    [() => rankedValues([1, NaN]), /value 2 is not a number/],
  ];
  for (const [run, message] of refused)
    assert.throws(run, (error) => error instanceof RangeError && message.test(error.message));
});
