import type { MetricExpression } from './metric-expression.ts';

/** When the result is looked at, and so how wide an interval has to be. */
export type StoppingRequest =
  | { readonly rule: 'fixed-horizon' }
  | { readonly rule: 'always-valid'; readonly tunedForCount?: number }
  | {
      readonly rule: 'group-sequential';
      readonly spending: 'obrien-fleming' | 'pocock';
      /** Planned number of looks. */
      readonly looks: number;
      /** Which of them this is, from 1. */
      readonly look: number;
    };

/** What was randomized. */
export type DesignRequest =
  | { readonly kind: 'user' }
  | { readonly kind: 'cluster'; readonly cluster: string }
  | { readonly kind: 'switchback'; readonly region: string; readonly window: string };

export type Correction = 'bh' | 'by' | 'holm' | 'none';

/**
 * What a missing value in a metric's column means: the file is refused; the unit is left out of that metric; or nothing happened, which
 * counts as 0 (of a quantile the row is left out).
 */
export type MissingPolicy = 'refuse' | 'drop' | 'zero';

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
  readonly segments: readonly string[];
  /** The column that says when a row happened; null: none. */
  readonly date: string | null;
  readonly stopping: StoppingRequest;
  readonly design: DesignRequest;
  readonly alpha: number;
  readonly correction: Correction;
  /** The intended split by arm, in any unit; null: equal. */
  readonly weights: Readonly<Record<string, number>> | null;
  readonly missing: MissingPolicy;
}
