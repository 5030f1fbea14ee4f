import { seededRandom } from '../../estimators/seeded-random.ts';
import { propensityOf } from '../methods/propensity.ts';
import { standardDeviation } from '../methods/matching.ts';
import { Refusal } from '../refusal.ts';
import { studyOfRows, type Study } from '../study/study.ts';
import { notRun, shown, type CheckReading } from './reading.ts';
import { attempt, reestimate, type Claim } from './refute.ts';

const DRAWS = 20;
/** Of controls that are like the treated at least half stay controls. */
const MOST_LIKELY = 0.5;

/**
 * Controls that look like the treated are drawn as if they had been treated, again and again: nothing happened to them, so what the method then shows is its
 * own bias, under differences between the groups as large as the real ones.
 *
 * Source: M. Huber, M. Lechner, C. Wunsch, "The performance of estimators based on the propensity score", Journal of Econometrics 175 (2013), 1–21
 * (empirical Monte Carlo study).
 */
export function placeboTreatments(claim: Claim): CheckReading {
  const { study, estimate, options } = claim;
  const { probability } = propensityOf(study);
  const random = seededRandom(options.seed + 5);
  const rows = Uint32Array.from(study.treatment.keys()).filter((row) => study.treatment[row] === 0);
  const chances = chancesOf(probability, rows, study.treatedCount);
  const controls = attempt(() => controlsOf(study, rows));
  if (controls instanceof Refusal) return notRun('placebo treatment', `could not be run: ${controls.message}`);
  const estimates: number[] = [];
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const treatment = Uint8Array.from(chances, (chance) => (random.uniform() < chance ? 1 : 0));
    const treatedCount = treatment.reduce((sum, of) => sum + of, 0);
    const pretended: Study = { ...controls, treatment, treatedCount, controlCount: treatment.length - treatedCount };
    const found = attempt(() => reestimate(pretended, claim));
    if (!(found instanceof Refusal)) estimates.push(found.estimate);
  }
  if (estimates.length < DRAWS / 2)
    return notRun('placebo treatment', 'too few controls are like the treated to pretend that some of them were');
  const bias = estimates.reduce((sum, of) => sum + of, 0) / estimates.length;
  const error = standardDeviation(Float64Array.from(estimates)) / Math.sqrt(estimates.length);
  const inErrors = Math.abs(bias) / estimate.standardError;
  const isClear = Math.abs(bias) > 3 * error;
  const outcome = isClear && inErrors > 1 ? 'failed' : inErrors < 0.5 || !isClear ? 'passed' : 'undecided';
  return {
    check: 'placebo treatment',
    outcome,
    standardizedSize: bias / standardDeviation(study.outcome),
    isAdjustedFor: false,
    sentence: `Controls that look like the treated, drawn ${estimates.length} times as if they had been treated, show an effect of ${shown(bias)} on average (± ${shown(2 * error)}), where there is none${outcome === 'failed' ? ': the method is biased by as much here' : ''}.`,
  };
}

function controlsOf(study: Study, rows: Uint32Array): Study {
  // Everybody is a control here, so a pretended treatment keeps the check of the groups' sizes from refusing.
  const half = study.treatment.map((_, row) => row % 2);
  const pretended = studyOfRows({ ...study, treatment: half }, rows);
  return pretended;
}

/** Chances in proportion to the odds of being treated, so that those drawn look like the treated. */
function chancesOf(probability: Float64Array, rows: Uint32Array, treatedCount: number): Float64Array {
  const odds = Float64Array.from(rows, (row) => Math.min(1e6, probability[row]! / (1 - probability[row]!)));
  let [sum, squares] = [0, 0];
  for (const of of odds) {
    sum += of;
    squares += of * of;
  }
  const wanted = Math.min(treatedCount, (sum * sum) / squares / 2, rows.length / 4);
  const expected = (scale: number): number => odds.reduce((total, of) => total + Math.min(MOST_LIKELY, scale * of), 0);
  let [low, high] = [0, 1 / Math.max(1e-12, sum / rows.length)];
  while (expected(high) < wanted && high < 1e12) high *= 2;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (expected(middle) < wanted) low = middle;
    else high = middle;
  }
  return odds.map((of) => Math.min(MOST_LIKELY, low * of));
}
