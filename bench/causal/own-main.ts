import { readFileSync } from 'node:fs';
import { columnScales } from '../../estimators/observational/column-scales.ts';
import { aipwEffect } from '../../estimators/observational/doubly-robust/aipw.ts';
import { drawnFolds } from '../../estimators/observational/doubly-robust/folds.ts';
import { linearNuisances } from '../../estimators/observational/doubly-robust/nuisances.ts';
import { effectWithReplacement } from '../../estimators/observational/matching/matched-effect.ts';
import { nearestWithReplacement } from '../../estimators/observational/matching/nearest-with-replacement.ts';
import { logisticRegression } from '../../estimators/observational/propensity/logistic-regression.ts';
import { logits, probabilities } from '../../estimators/observational/propensity/propensity-scores.ts';
import { inverseProbabilityEffect } from '../../estimators/observational/weighting/inverse-probability.ts';
import { workloadOf, type Workload } from './workload.ts';

/** Each from the raw columns to the estimate. */
const TASKS: Readonly<Record<string, (workload: Workload) => number>> = {
  propensity: ({ covariates, treatment }) => logisticRegression(covariates, treatment).slopes[0] ?? NaN,
  matching: ({ covariates, treatment, outcome }) => {
    const score = logits(covariates, logisticRegression(covariates, treatment));
    return effectWithReplacement(score, treatment, outcome, nearestWithReplacement(score, treatment, outcome)).estimate;
  },
  ipw: ({ covariates, treatment, outcome }) => {
    const propensity = probabilities(logits(covariates, logisticRegression(covariates, treatment)));
    return inverseProbabilityEffect(covariates, columnScales(covariates), treatment, outcome, propensity, 'ATT')
      .estimate;
  },
  aipw: ({ covariates, treatment, outcome }) => {
    const folds = drawnFolds(treatment, 5, 1);
    const nuisances = linearNuisances({ covariates, scales: columnScales(covariates), treatment, outcome }, folds, 5);
    return aipwEffect(treatment, outcome, nuisances, 'ATE').estimate;
  },
};

const [, , file = '', task = '', rounds = '3'] = process.argv;
const bytes = readFileSync(file);
const workload = workloadOf(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8));
const work = TASKS[task];
if (work === undefined) throw new RangeError(`there is no task ${task}; there are ${Object.keys(TASKS).join(', ')}`);
const heldKb = process.resourceUsage().maxRSS;
const seconds: number[] = [];
let estimate = NaN;
for (let round = 0; round < Number(rounds); round += 1) {
  const startedAtMs = performance.now();
  estimate = work(workload);
  seconds.push((performance.now() - startedAtMs) / 1_000);
}
const extraBytes = 1024 * (process.resourceUsage().maxRSS - heldKb);
console.log(JSON.stringify({ task, seconds, estimate, dataBytes: bytes.byteLength, extraBytes }));
