import type { Effect } from '../../estimators/effect.ts';
import {
  placeboChances,
  placeboTreatmentReading,
  type PlaceboTreatmentReading,
} from '../../estimators/observational/refutation/placebo-treatment.ts';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { propensityOf } from '../methods/propensity.ts';
import { standardDeviation } from '../methods/matching.ts';
import { Refusal } from '../refusal.ts';
import { studyOfRows, type Study } from '../study/study.ts';
import { NO_SIZE, notRun, shown, type CheckReading } from './reading.ts';
import { attempt, reestimate, type Claim } from './refute.ts';

const DRAWS = 30;
const LEAST_CHANCE = 1e-9;

/**
 * Controls that look like the treated are drawn as if they had been treated, again and again: nothing happened to them, so what the method then shows is its
 * own bias, under differences between the groups as large as the real ones.
 *
 * Source: M. Huber, M. Lechner, C. Wunsch, "The performance of estimators based on the propensity score", Journal of Econometrics 175 (2013), 1–21
 * (empirical Monte Carlo study).
 */
export function placeboTreatments(claim: Claim): CheckReading {
  const { study, estimate, options, alpha } = claim;
  const { probability } = propensityOf(study);
  const random = seededRandom(options.seed + 5);
  const rows = Uint32Array.from(study.treatment.keys()).filter((row) => study.treatment[row] === 0);
  const chances = chancesOf(probability, rows, study.treatedCount);
  const controls = attempt(() => controlsOf(study, rows));
  if (controls instanceof Refusal) return notRun('placebo treatment', `could not be run: ${controls.message}`);
  const estimates: Effect[] = [];
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const treatment = Uint8Array.from(chances, (chance) => (random.uniform() < chance ? 1 : 0));
    const treatedCount = treatment.reduce((sum, of) => sum + of, 0);
    const pretended: Study = { ...controls, treatment, treatedCount, controlCount: treatment.length - treatedCount };
    const found = attempt(() => reestimate(pretended, claim));
    if (!(found instanceof Refusal) && found.standardError > 0) estimates.push(found);
  }
  if (estimates.length < DRAWS / 2)
    return notRun('placebo treatment', 'too few controls are like the treated to pretend that some of them were');
  const reading = placeboTreatmentReading(estimates, estimate.standardError, alpha);
  return {
    ...NO_SIZE,
    check: 'placebo treatment',
    outcome: reading.outcome,
    standardizedSize: reading.bias / standardDeviation(study.outcome),
    sentence: sentenceOf(reading),
  };
}

function sentenceOf(reading: PlaceboTreatmentReading): string {
  const { outcome, drawCount, bias, biasStandardError, pValue, falseAlarmRatio } = reading;
  const meaning = outcome === 'failed' ? ': here the method is biased, or its interval too narrow' : '';
  return `Controls that look like the treated, drawn ${drawCount} times as if they had been treated, show an effect of ${shown(bias)} on average (± ${shown(2 * biasStandardError)}, p = ${pValue.toPrecision(2)}) where there is none, and ${(100 * falseAlarmRatio).toFixed(0)} % of the draws would be called an effect${meaning}.`;
}

function controlsOf(study: Study, rows: Uint32Array): Study {
  // Everybody is a control here, so a pretended treatment keeps the check of the groups' sizes from refusing.
  const half = study.treatment.map((_, row) => row % 2);
  const pretended = studyOfRows({ ...study, treatment: half }, rows);
  return pretended;
}

/** As many as were treated, unless fewer controls are like them. */
function chancesOf(probability: Float64Array, rows: Uint32Array, treatedCount: number): Float64Array {
  const odds = Float64Array.from(rows, (row) => {
    const of = Math.min(1 - LEAST_CHANCE, Math.max(LEAST_CHANCE, probability[row]!));
    return of / (1 - of);
  });
  let [sum, squares] = [0, 0];
  for (const of of odds) {
    sum += of;
    squares += of * of;
  }
  return placeboChances(odds, Math.min(treatedCount, (sum * sum) / squares / 2, rows.length / 4));
}
