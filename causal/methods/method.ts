import type { Effect } from '../../estimators/effect.ts';
import type { Estimand } from '../../estimators/observational/columns.ts';

/** The methods that a question may name; `auto` chooses among them. */
export const METHODS = ['psm', 'ipw', 'aipw', 'regression', 'cem', 'entropy-balancing', 'subclassification'] as const;
export type MethodName = (typeof METHODS)[number];

/** How an estimate is to be made. */
export interface MethodOptions {
  readonly estimand: Estimand;
  /** Controls for each treated unit, in matching. */
  readonly neighbours: number;
  /** Largest distance of a match, in standard deviations of the logit; null: none. */
  readonly caliper: number | null;
  readonly withReplacement: boolean;
  /** What predicts outcomes and propensities in `aipw`: lines, or boosted trees for what no line follows. */
  readonly nuisances: 'linear' | 'boosted-trees';
  /** For the folds of cross-fitting. */
  readonly seed: number;
}

export const DEFAULT_OPTIONS: MethodOptions = {
  estimand: 'ATT',
  neighbours: 1,
  caliper: 0.2,
  withReplacement: true,
  nuisances: 'linear',
  seed: 1,
};

/** What a method says. */
export interface MethodEstimate extends Effect {
  readonly method: MethodName;
  readonly estimand: Estimand;
  /** Treated units that the estimate is about. */
  readonly treatedCount: number;
  /** Treated units that had nobody to be compared with. */
  readonly leftOutTreatedCount: number;
  /** Controls that count for anything. */
  readonly controlCount: number;
  /** The number of equally weighted controls that would tell as much. */
  readonly effectiveControlCount: number;
  /** The largest share that one control has of all their weight. */
  readonly largestShare: number;
  /** How much each unit counts, where the method weights units; balance is read with them. null: it does not (regression). */
  readonly weights: Float64Array | null;
  /** The same without what regression on the covariates adds; matching only. */
  readonly plain: Effect | null;
}

/** Which estimands each method can give. */
export const ESTIMANDS: Readonly<Record<MethodName, readonly Estimand[]>> = {
  psm: ['ATT'],
  ipw: ['ATT', 'ATE', 'ATO'],
  aipw: ['ATT', 'ATE'],
  regression: ['ATT', 'ATE'],
  cem: ['ATT', 'ATE'],
  'entropy-balancing': ['ATT'],
  subclassification: ['ATT', 'ATE'],
};
