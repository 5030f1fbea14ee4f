import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../../parts/repository-root.ts';
import { optimalCut, trimmedBy } from '../balance/trimming.ts';
import { columnScales } from '../column-scales.ts';
import type { Columns } from '../columns.ts';
import { logisticRegression } from '../propensity/logistic-regression.ts';
import { logits, probabilities } from '../propensity/propensity-scores.ts';

import { partialRSquared, withConfounder } from './omitted-variable-bias.ts';
import { robustnessValue, robustnessValueOf } from './robustness-value.ts';
import { mcNemarBound, signedRankBound } from './rosenbaum.ts';

interface Regressed {
  readonly estimate: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
  readonly partialRSquared: number;
  readonly value: number;
  readonly valueForSignificance: number;
  readonly halfAtOnePercent: number;
  readonly benchmarks: readonly {
    readonly covariate: string;
    readonly withTreatment: number;
    readonly withOutcome: number;
    readonly adjustedEstimate: number;
    readonly adjustedLower: number;
    readonly adjustedUpper: number;
  }[];
}

interface Golden {
  readonly relativeTolerance: number;
  readonly robustness: { readonly nsw_cps: Regressed; readonly darfur: Regressed };
  readonly strong: readonly {
    readonly t: number;
    readonly degreesOfFreedom: number;
    readonly alpha: number;
    readonly value: number;
  }[];
  readonly signedRank: {
    readonly small: {
      readonly differences: readonly number[];
      readonly exact: readonly { readonly gamma: number; readonly p: number }[];
    };
    readonly large: {
      readonly differences: readonly number[];
      readonly normal: readonly { readonly gamma: number; readonly p: number }[];
    };
    readonly scipyAtGammaOne: number;
  };
  readonly mcnemar: readonly {
    readonly discordant: number;
    readonly withEvent: number;
    readonly gamma: number;
    readonly p: number;
  }[];
  readonly trimming: { readonly cut: number; readonly keptTreated: number; readonly keptControls: number };
}

const golden = JSON.parse(readFileSync(repositoryFile('estimators/golden/causal/sensitivity.json'), 'utf8')) as Golden;
const NAMES = ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75'];

function near(found: number, expected: number, what: string, tolerance = golden.relativeTolerance): void {
  const off = Math.abs(found - expected);
  assert.ok(off <= tolerance * Math.max(1e-12, Math.abs(expected)), `${what}: ${found}, the peer has ${expected}`);
}

function lalonde() {
  const [head = '', ...lines] = readFileSync(repositoryFile('examples/data/nsw_cps.csv'), 'utf8').trim().split('\n');
  const header = head.split(',');
  const rows = lines.map((line) => line.split(',').map(Number));
  const column = (name: string): Float64Array => Float64Array.from(rows, (row) => row[header.indexOf(name)] ?? NaN);
  const covariates: Columns = { rowCount: rows.length, names: NAMES, columns: NAMES.map(column) };
  return { covariates, treatment: Uint8Array.from(column('treat')), outcome: column('re78') };
}

test('robustness value and benchmarks, alone and as a group, as sensemakr has them', () => {
  const { covariates, treatment, outcome } = lalonde();
  const groups = [
    ...NAMES.map((covariate, column) => ({ covariate, columns: [column] })),
    { covariate: 'earnings', columns: [6, 7] },
  ];
  const found = robustnessValue(covariates, columnScales(covariates), treatment, outcome, 0.05, groups);
  const expected = golden.robustness.nsw_cps;
  assert.equal(found.degreesOfFreedom, expected.degreesOfFreedom);
  for (const key of ['estimate', 'standardError', 'partialRSquared', 'value', 'valueForSignificance'] as const)
    near(found[key], expected[key], key);
  assert.equal(expected.benchmarks.length, found.benchmarks.length);
  for (const peer of expected.benchmarks) {
    const like = found.benchmarks.find(({ covariate }) => covariate === peer.covariate)?.likeIt;
    assert.ok(like);
    for (const key of ['withTreatment', 'withOutcome', 'adjustedEstimate', 'adjustedLower', 'adjustedUpper'] as const)
      near(like[key], peer[key], `${peer.covariate} ${key}`, 1e-5);
  }
  assert.equal(found.benchmarks[0]?.covariate, 'earnings');
});

test('Darfur, as Cinelli and Hazlett (2020) publish it', () => {
  const { robustness } = golden;
  const { estimate, standardError, degreesOfFreedom, benchmarks } = robustness.darfur;
  const t = estimate / standardError;
  near(partialRSquared(t, degreesOfFreedom), robustness.darfur.partialRSquared, 'partial R2');
  near(robustnessValueOf(t, degreesOfFreedom), robustness.darfur.value, 'robustness value');
  const significant = robustnessValueOf(t, degreesOfFreedom, { alpha: 0.05 });
  near(significant, robustness.darfur.valueForSignificance, 'for significance');
  const half = robustnessValueOf(t, degreesOfFreedom, { reduction: 0.5, alpha: 0.01 });
  near(half, robustness.darfur.halfAtOnePercent, 'half');
  // Their table 1 and section 5: RV 13.9 %, 7.6 % at the 5 % level, partial R² 2.2 %; a confounder like female leaves 0.075.
  assert.deepEqual(
    [robustnessValueOf(t, degreesOfFreedom), significant, partialRSquared(t, degreesOfFreedom)].map((of) =>
      (100 * of).toFixed(1),
    ),
    ['13.9', '7.6', '2.2'],
  );
  const [female] = benchmarks;
  assert.ok(female);
  const left = withConfounder(robustness.darfur, female);
  near(left.estimate, female.adjustedEstimate, 'female');
  assert.equal(left.estimate.toFixed(3), '0.075');
});

test('the robustness value where the treatment’s share alone decides', () => {
  for (const { t, degreesOfFreedom, alpha, value } of golden.strong)
    near(robustnessValueOf(t, degreesOfFreedom, { alpha }), value, `t = ${t}`);
});

test('signed ranks: exact by counting out every way to sign the pairs, and by SciPy', () => {
  const { small, large, scipyAtGammaOne } = golden.signedRank;
  for (const { gamma, p } of small.exact)
    near(signedRankBound(Float64Array.from(small.differences), gamma), p, `exact, gamma ${gamma}`, 1e-10);
  for (const { gamma, p } of large.normal)
    near(signedRankBound(Float64Array.from(large.differences), gamma), p, `gamma ${gamma}`, 1e-8);
  near(signedRankBound(Float64Array.from(large.differences), 1), scipyAtGammaOne, 'SciPy wilcoxon', 1e-8);
});

test('McNemar, as SciPy sums the binomial; Hammond’s smokers as in Rosenbaum (2002), table 4.1', () => {
  for (const { discordant, withEvent, gamma, p } of golden.mcnemar)
    near(mcNemarBound(discordant, withEvent, gamma), p, `${withEvent} of ${discordant}, gamma ${gamma}`, 1e-9);
  assert.ok(mcNemarBound(122, 110, 5) < 0.05 && mcNemarBound(122, 110, 6) > 0.05);
});

test('the optimal cut of Crump et al. (2009) by trying every unit', () => {
  const { covariates, treatment } = lalonde();
  const propensity = probabilities(logits(covariates, logisticRegression(covariates, treatment)));
  near(optimalCut(propensity), golden.trimming.cut, 'cut');
  const { keptTreatedCount, keptControlCount } = trimmedBy({ rule: 'optimal' }, propensity, treatment);
  assert.deepEqual([keptTreatedCount, keptControlCount], [golden.trimming.keptTreated, golden.trimming.keptControls]);
});
