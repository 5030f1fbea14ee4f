import { seededRandom } from '../../estimators/seeded-random.ts';
import type { Columns } from '../../estimators/observational/columns.ts';

export const COVARIATES = 10;
/** The effect on every unit. */
export const TRUE_EFFECT = 2;

export interface Workload {
  readonly covariates: Columns;
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
}

/** Confounded by ten covariates, five of them indicators; logistic and linear, so that every method is right. Column by column: covariates, treatment, outcome. */
export function generate(rowCount: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const all = new Float64Array(rowCount * (COVARIATES + 2));
  for (let row = 0; row < rowCount; row += 1) {
    let [logit, outcome] = [-0.8, 10];
    for (let j = 0; j < COVARIATES; j += 1) {
      const value = j % 2 === 0 ? random.normal() : random.bernoulli(0.4);
      all[j * rowCount + row] = value;
      logit += (j % 3 === 0 ? 0.35 : -0.2) * value;
      outcome += (j % 4 === 0 ? 1.5 : -0.7) * value;
    }
    const treated = random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    all[COVARIATES * rowCount + row] = treated;
    all[(COVARIATES + 1) * rowCount + row] = outcome + TRUE_EFFECT * treated + 2 * random.normal();
  }
  return all;
}

export function workloadOf(all: Float64Array): Workload {
  const rowCount = all.length / (COVARIATES + 2);
  const column = (j: number): Float64Array => all.subarray(j * rowCount, (j + 1) * rowCount);
  return {
    covariates: {
      rowCount,
      names: Array.from({ length: COVARIATES }, (_, j) => `x${j}`),
      columns: Array.from({ length: COVARIATES }, (_, j) => column(j)),
    },
    treatment: Uint8Array.from(column(COVARIATES)),
    outcome: column(COVARIATES + 1),
  };
}
