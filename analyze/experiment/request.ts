import type { CorrectionMethod } from '../../estimators/comparisons/adjusted-p-values.ts';
import type { FutilityRule } from '../../estimators/stopping/futility-reading.ts';
import type { StoppingRule } from '../../estimators/stopping/stopping-rule.ts';
import type { MetricExpression } from './metric-expression.ts';

/** What was randomized. */
export type DesignRequest =
  | { readonly kind: 'user' }
  | { readonly kind: 'cluster'; readonly cluster: string }
  | {
      readonly kind: 'switchback';
      readonly region: string;
      readonly window: string;
      /** `window` is no column but a length of time, such as `hour`. */ readonly isLength: boolean;
    };

export type Correction = CorrectionMethod;

/**
 * What a missing value in a metric's column means: the file is refused; the unit is left out of that metric; or nothing happened, which
 * counts as 0 (of a quantile the row is left out).
 */
export type MissingPolicy = 'refuse' | 'drop' | 'zero';

/** An experiment that ran at the same time, by the column with its arms. */
export interface OtherExperiment {
  readonly column: string;
  /** Its control's label; null: the same as that of the experiment that is read. */
  readonly control: string | null;
}

export interface ExperimentRequest {
  /** CSV (also .gz) or Parquet. */
  readonly file: string;
  /** The column that says whose row it is; null in a switchback, whose unit is region × window. */
  readonly unit: string | null;
  /** The column that says which arm. */
  readonly variant: string;
  readonly control: string;
  /** The first is the primary metric. */
  readonly metrics: readonly MetricExpression[];
  /** Numeric columns known before the treatment, one value a unit. */
  readonly covariates: readonly string[];
  /** Columns known before the treatment, of numbers or of texts, from which each metric is predicted (CUPAC); missing: none. */
  readonly predictors?: readonly string[];
  readonly segments: readonly string[];
  /** Other experiments on the same units, to see whether they change the effects; missing: none. */
  readonly otherExperiments?: readonly OtherExperiment[];
  /** A column of 0 and 1 that says whether a unit came to where the arms differ; missing: all count. */
  readonly triggered?: string;
  /** A column known before the treatment, within whose values the arms are compared; missing: none. */
  readonly postStratify?: string;
  /** The column that says when a row happened; null: none. */
  readonly date: string | null;
  /** When the result is looked at, and so how wide an interval has to be. */
  readonly stopping: StoppingRule;
  /**
   * Always-valid readings of proportions and quantiles: `auto` (default) is exact for proportions with a rare outcome, `exact` for all proportions and for
   * quantiles of units with one row each, `asymptotic` for none.
   */
  readonly sequences?: 'auto' | 'exact' | 'asymptotic';
  /** When a group-sequential experiment gives up; missing: never before its last look. */
  readonly futility?: FutilityRule;
  readonly design: DesignRequest;
  readonly alpha: number;
  readonly correction: Correction;
  /** The intended split by arm, in any unit; null: equal. */
  readonly weights: Readonly<Record<string, number>> | null;
  readonly missing: MissingPolicy;
}
