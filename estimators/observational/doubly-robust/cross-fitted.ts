import type { Progress } from '../columns.ts';
import { rowsWhere, type Nuisances } from './nuisances.ts';

/** Anything that learns from some rows to predict a number for other rows of the same study. */
export interface Learner {
  /**
   * @param rows those to learn from, rising
   */
  fit(rows: Uint32Array, progress: Progress): Predictor;
}

export interface Predictor {
  /** Writes a prediction at the place of each of `rows`. */
  predictInto(rows: Uint32Array, into: Float64Array): void;
}

export interface Learners {
  /** Predicts the probability to be treated. */
  readonly propensity: Learner;
  /** Predicts the outcome; it is fitted to the treated and to the controls apart. */
  readonly outcome: Learner;
}

/**
 * Predictions of every row by learners that have not seen the row's fold: what double machine learning asks for, so that learners of any kind may be used.
 *
 * Source: V. Chernozhukov et al., "Double/debiased machine learning for treatment and structural parameters", Econometrics Journal 21 (2018), C1–C68,
 * definition 3.1.
 *
 * @param folds for each row its fold, from 0 on; `foldCount` in all
 * @throws RangeError where a group has no units outside a fold
 */
export function crossFittedNuisances(
  { propensity, outcome }: Learners,
  treatment: Uint8Array,
  folds: Uint8Array,
  foldCount: number,
  { onProgress, signal }: Progress = {},
): Nuisances {
  const found = {
    propensity: new Float64Array(treatment.length),
    withoutTreatment: new Float64Array(treatment.length),
    withTreatment: new Float64Array(treatment.length),
  };
  const groups = Uint8Array.from(folds, (fold, row) => 2 * fold + treatment[row]!);
  let done = 0;
  for (let fold = 0; fold < foldCount; fold += 1) {
    const asked = rowsWhere(folds, (of) => of === fold);
    const learn = (learner: Learner, rows: Uint32Array, into: Float64Array): void => {
      if (rows.length === 0) throw new RangeError(`cross-fitting: a group has no units outside fold ${fold + 1}`);
      const progress: Progress = {
        onProgress: (share) => onProgress?.((done + share) / (3 * foldCount)),
        ...(signal === undefined ? {} : { signal }),
      };
      learner.fit(rows, progress).predictInto(asked, into);
      done += 1;
    };
    learn(
      propensity,
      rowsWhere(folds, (of) => of !== fold),
      found.propensity,
    );
    learn(
      outcome,
      rowsWhere(groups, (of) => of >> 1 !== fold && of % 2 === 0),
      found.withoutTreatment,
    );
    learn(
      outcome,
      rowsWhere(groups, (of) => of >> 1 !== fold && of % 2 === 1),
      found.withTreatment,
    );
  }
  onProgress?.(1);
  return found;
}
