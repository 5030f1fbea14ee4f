import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { repositoryFile } from '../../parts/repository-root.ts';
import { columnBalances } from './balance/balance.ts';
import { columnScales } from './column-scales.ts';
import type { Columns } from './columns.ts';
import { aipwEffect } from './doubly-robust/aipw.ts';
import { linearNuisances } from './doubly-robust/nuisances.ts';
import { coarsenedStrata } from './matching/coarsened-strata.ts';
import { nearestWithoutReplacement } from './matching/nearest-without-replacement.ts';
import { nearestWithReplacement, type MatchedSample } from './matching/nearest-with-replacement.ts';
import { stratifiedEffect } from './matching/stratified-effect.ts';
import { propensitySubclasses } from './matching/subclasses.ts';
import { regressionAdjustedEffect } from './outcome/regression-adjustment.ts';
import { logisticRegression, type LogisticFit } from './propensity/logistic-regression.ts';
import { logits, probabilities } from './propensity/propensity-scores.ts';
import { entropyBalancedEffect } from './weighting/entropy-balancing.ts';
import { inverseProbabilityEffect } from './weighting/inverse-probability.ts';

interface Peers {
  readonly relativeTolerance: number;
  readonly cases: readonly PeerCase[];
}

interface PeerCase {
  readonly name: string;
  readonly names?: readonly string[];
  readonly data?: {
    readonly names: readonly string[];
    readonly columns: readonly (readonly number[])[];
    readonly treatment: readonly number[];
    readonly outcome: readonly number[];
  };
  readonly logistic: {
    readonly coefficients: readonly number[];
    readonly standardErrors: readonly number[];
    readonly logLikelihood: number;
  };
  readonly ridge: { readonly ridge: number; readonly intercept: number; readonly slopes: readonly number[] };
  readonly effects: Readonly<Record<string, { readonly estimate: number; readonly standardError: number | null }>>;
  readonly overlap: number;
  readonly entropy: { readonly estimate: number; readonly effectiveControlCount: number };
  readonly doublyRobust?: {
    readonly folds: readonly number[];
    readonly ATE: { readonly estimate: number; readonly standardError: number };
    readonly ATT: { readonly estimate: number; readonly standardError: number };
  };
}

interface Study {
  readonly covariates: Columns;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
}

const NAMES = ['age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75'];

function read(file: string): unknown {
  return JSON.parse(readFileSync(repositoryFile(`estimators/golden/causal/${file}`), 'utf8'));
}

function lalonde(): Study {
  const [head = '', ...lines] = readFileSync(repositoryFile('examples/data/nsw_cps.csv'), 'utf8').trim().split('\n');
  const header = head.split(',');
  const rows = lines.map((line) => line.split(',').map(Number));
  const column = (name: string): Float64Array => Float64Array.from(rows, (row) => row[header.indexOf(name)] ?? NaN);
  return {
    covariates: { rowCount: rows.length, names: NAMES, columns: NAMES.map(column) },
    treatment: Uint8Array.from(column('treat')),
    outcome: column('re78'),
  };
}

function studyOf({ data }: PeerCase): Study {
  if (data === undefined) return lalonde();
  return {
    covariates: {
      rowCount: data.outcome.length,
      names: data.names,
      columns: data.columns.map((column) => Float64Array.from(column)),
    },
    treatment: Uint8Array.from(data.treatment),
    outcome: Float64Array.from(data.outcome),
  };
}

function near(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(
    Math.abs(found - expected) <= tolerance * Math.max(1e-3, Math.abs(expected)),
    `${what}: ${found}, the peer has ${expected}`,
  );
}

const { relativeTolerance: TOLERANCE, cases } = read('causal.json') as Peers;

for (const peer of cases) {
  const { covariates, treatment, outcome } = studyOf(peer);
  const scales = columnScales(covariates);
  const fit = logisticRegression(covariates, treatment);
  const propensity = probabilities(logits(covariates, fit));

  test(`${peer.name}: logistic regression, as statsmodels fits it`, () => {
    const { coefficients, standardErrors, logLikelihood } = peer.logistic;
    const size = coefficients.length;
    const covariance = fit.covariance();
    for (const [j, expected] of coefficients.entries()) {
      near(j === 0 ? fit.intercept : fit.slopes[j - 1]!, expected, TOLERANCE, `coefficient ${j}`);
      near(Math.sqrt(covariance[j * size + j]!), standardErrors[j]!, TOLERANCE, `standard error ${j}`);
    }
    near(fit.logLikelihood, logLikelihood, 1e-9, 'log-likelihood');
    const same = logisticRegression(covariates, treatment, { solver: 'lbfgs' });
    for (const [j, expected] of coefficients.slice(1).entries()) near(same.slopes[j]!, expected, 1e-4, `L-BFGS ${j}`);
  });

  test(`${peer.name}: logistic ridge regression, as scikit-learn fits it`, () => {
    const penalized: LogisticFit = logisticRegression(covariates, treatment, { ridge: peer.ridge.ridge });
    near(penalized.intercept, peer.ridge.intercept, TOLERANCE, 'intercept');
    for (const [j, expected] of peer.ridge.slopes.entries()) near(penalized.slopes[j]!, expected, 1e-5, `slope ${j}`);
  });

  for (const estimand of ['ATE', 'ATT'] as const)
    test(`${peer.name}: ${estimand} by weighting and by regression, as statsmodels has it`, () => {
      const weighted = inverseProbabilityEffect(covariates, scales, treatment, outcome, propensity, estimand);
      const regressed = regressionAdjustedEffect(covariates, scales, treatment, outcome, estimand);
      for (const [found, name] of [
        [weighted, 'ipw'],
        [regressed, 'regression'],
      ] as const) {
        const expected = peer.effects[`${name} ${estimand}`]!;
        near(found.estimate, expected.estimate, 1e-5, `${name} estimate`);
        if (expected.standardError !== null)
          near(found.standardError, expected.standardError, 1e-3, `${name} standard error`);
      }
    });

  test(`${peer.name}: overlap weights and entropy balancing`, () => {
    const overlap = inverseProbabilityEffect(covariates, scales, treatment, outcome, propensity, 'ATO');
    near(overlap.estimate, peer.overlap, TOLERANCE, 'overlap');
    const balanced = entropyBalancedEffect(covariates, scales, treatment, outcome);
    near(balanced.estimate, peer.entropy.estimate, 1e-5, 'entropy balancing');
    near(balanced.effectiveControlCount, peer.entropy.effectiveControlCount, 1e-5, 'effective controls');
    for (const { standardizedDifference } of columnBalances(covariates, treatment, 'ATT', balanced.weights))
      assert.ok(Math.abs(standardizedDifference) < 1e-7);
  });

  const { doublyRobust } = peer;
  if (doublyRobust !== undefined)
    test(`${peer.name}: cross-fitted AIPW, as DoubleML has it`, () => {
      const folds = Uint8Array.from(doublyRobust.folds);
      const nuisances = linearNuisances({ covariates, scales, treatment, outcome }, folds, 4);
      for (const estimand of ['ATE', 'ATT'] as const) {
        const found = aipwEffect(treatment, outcome, nuisances, estimand, 0);
        near(found.estimate, doublyRobust[estimand].estimate, TOLERANCE, `${estimand} estimate`);
        near(found.standardError, doublyRobust[estimand].standardError, 1e-3, `${estimand} standard error`);
      }
    });
}

interface MatchItCase {
  readonly name: string;
  readonly estimate: number;
  readonly matchedTreated: number;
  readonly usedControls: number;
  readonly effectiveControls: number;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  readonly ks: Readonly<Record<string, number>>;
  readonly ecdfMeans: Readonly<Record<string, number>>;
  readonly varianceRatios: Readonly<Record<string, number | 'NA'>>;
}

/** As make_matching.R: of units that are alike the first. */
function unlike({ covariates, treatment, outcome }: Study): Study {
  const seen = new Set<string>();
  const rows = Array.from({ length: covariates.rowCount }, (_, row) => row).filter((row) => {
    const name = covariates.columns.map((column) => column[row]).join();
    return !seen.has(name) && seen.add(name);
  });
  return {
    covariates: {
      rowCount: rows.length,
      names: covariates.names,
      columns: covariates.columns.map((column) => Float64Array.from(rows, (row) => column[row]!)),
    },
    treatment: Uint8Array.from(rows, (row) => treatment[row]!),
    outcome: Float64Array.from(rows, (row) => outcome[row]!),
  };
}

const CUTS = { age: [20, 25, 30, 40], educ: [9, 12], re74: [1, 5000, 10000], re75: [1, 5000, 10000] };

test('matches, subclasses, strata and balance, as MatchIt has them', async (t) => {
  const { covariates, treatment, outcome } = unlike(lalonde());
  const score = logits(covariates, logisticRegression(covariates, treatment));
  const pairs = (neighbours: number, caliper = Infinity) =>
    nearestWithoutReplacement(score, treatment, outcome, { neighbours, caliper });
  const weightsOf: Readonly<Record<string, () => Float64Array>> = {
    'nearest 1:1': () => pairs(1).weights,
    'nearest 2:1': () => pairs(2).weights,
    'nearest with replacement': () => nearestWithReplacement(score, treatment, outcome).weights,
    caliper: () => pairs(1, 0.002).weights,
    'caliper, 2:1 with replacement': () =>
      nearestWithReplacement(score, treatment, outcome, { neighbours: 2, caliper: 0.002 }).weights,
    subclass: () =>
      stratifiedEffect(propensitySubclasses(probabilities(score), treatment, 6, 'ATT'), treatment, outcome, 'ATT')
        .weights,
    cem: () => stratifiedEffect(coarsenedStrata(covariates, { cutPoints: CUTS }), treatment, outcome, 'ATT').weights,
  };
  const { cases: matched } = read('matching.json') as { readonly cases: readonly MatchItCase[] };
  for (const peer of matched)
    await t.test(peer.name, () => {
      const weights = weightsOf[peer.name]!();
      const controls = weights.filter((of, row) => treatment[row] === 0 && of > 0);
      assert.equal(weights.filter((of, row) => treatment[row] === 1 && of > 0).length, peer.matchedTreated);
      assert.equal(controls.length, peer.usedControls);
      const total = controls.reduce((sum, of) => sum + of, 0);
      near(total ** 2 / controls.reduce((sum, of) => sum + of * of, 0), peer.effectiveControls, 1e-6, 'effective');
      near(difference(weights, treatment, outcome), peer.estimate, 1e-6, 'estimate');
      const balances = columnBalances(covariates, treatment, 'ATT', weights);
      for (const { name, standardizedDifference, kolmogorovSmirnov, meanDistance, varianceRatio } of balances) {
        near(standardizedDifference, peer.after[name]!, 1e-5, `${name}: standardized difference`);
        near(kolmogorovSmirnov, peer.ks[name]!, 1e-5, `${name}: Kolmogorov-Smirnov`);
        near(meanDistance, peer.ecdfMeans[name]!, 1e-5, `${name}: mean distance`);
        const ratio = peer.varianceRatios[name];
        if (typeof ratio === 'number' && varianceRatio !== null) near(varianceRatio, ratio, 1e-5, `${name}: variances`);
      }
      for (const { name, standardizedDifference } of columnBalances(covariates, treatment, 'ATT'))
        near(standardizedDifference, peer.before[name]!, 1e-5, `${name}: before`);
    });
});

function difference(weights: MatchedSample['weights'], treatment: Uint8Array, outcome: Float64Array): number {
  const mean = (group: number): number => {
    let [sum, total] = [0, 0];
    for (let row = 0; row < weights.length; row += 1)
      if (treatment[row] === group) {
        sum += weights[row]! * outcome[row]!;
        total += weights[row]!;
      }
    return sum / total;
  };
  return mean(1) - mean(0);
}
