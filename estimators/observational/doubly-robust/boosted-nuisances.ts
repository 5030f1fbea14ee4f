import { binnedColumns, MOST_BINS, type BinnedColumns } from '../boosting/binned-columns.ts';
import { boostedTrees } from '../boosting/boosted-trees.ts';
import type { BoostingOptions } from '../boosting/boosting-options.ts';
import { predictBinned } from '../boosting/tree-predictions.ts';
import type { Columns, Progress } from '../columns.ts';
import { crossFittedNuisances, type Learner } from './cross-fitted.ts';
import type { Nuisances } from './nuisances.ts';

export type NuisanceTrees = Omit<BoostingOptions, 'loss' | 'onProgress' | 'signal'> & { readonly binCount?: number };

/** Small trees, and no more of them than predict held-out rows better: propensities must not be learnt by heart. */
const CAUTIOUS: NuisanceTrees = {
  treeCount: 300,
  leafCount: 8,
  minimumLeafRows: 10,
  ridge: 1,
  earlyStopping: { heldOutRatio: 0.2, patience: 10 },
};

/**
 * Outcomes and propensities by boosted trees, cross-fitted: for curved outcomes and covariates that act together, which no line follows. An outcome of 0
 * and 1 is predicted as a probability. Columns are cut into bins once for all folds: bins know covariates only, no outcome.
 *
 * Source: see `crossFittedNuisances` and `boostedTrees`.
 *
 * @param folds for each row its fold, from 0 on
 * @param options of the trees; default at most 300 of 8 leaves, stopped by a fifth of the rows that is held out. Below a few
 *   thousand rows draw five folds or more: with two the trees see too little, and what they miss stays in the effect
 */
export function boostedNuisances(
  covariates: Columns,
  treatment: Uint8Array,
  outcome: Float64Array,
  folds: Uint8Array,
  foldCount: number,
  options: NuisanceTrees = CAUTIOUS,
  progress: Progress = {},
): Nuisances {
  const { binCount = MOST_BINS, ...trees } = options;
  const binned = binnedColumns(covariates, binCount);
  const isBinary = outcome.every((value) => value === 0 || value === 1);
  const learners = {
    propensity: boostedLearner(binned, treatment, { ...trees, loss: 'logistic' }),
    outcome: boostedLearner(binned, outcome, { ...trees, loss: isBinary ? 'logistic' : 'squared' }),
  };
  return crossFittedNuisances(learners, treatment, folds, foldCount, progress);
}

/** Boosted trees as a learner for `crossFittedNuisances`. Rows of 0 and 1 that are all alike are predicted as they are. */
export function boostedLearner(
  columns: BinnedColumns,
  target: Float64Array | Uint8Array,
  options: BoostingOptions,
): Learner {
  return {
    fit: (rows, progress) => {
      const only = options.loss === 'logistic' ? onlyValue(target, rows) : null;
      if (only !== null)
        return {
          predictInto: (asked, into) => {
            for (let i = 0; i < asked.length; i += 1) into[asked[i]!] = only;
          },
        };
      const model = boostedTrees(columns, target, { ...options, ...progress }, rows);
      return { predictInto: (asked, into) => predictBinned(model, columns, asked, into) };
    },
  };
}

/** The value that all rows have, or null. */
function onlyValue(target: Float64Array | Uint8Array, rows: Uint32Array): number | null {
  const first = target[rows[0]!]!;
  return rows.every((row) => target[row] === first) ? first : null;
}
