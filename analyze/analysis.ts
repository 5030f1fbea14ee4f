/** How the intervals are made: for one look that was fixed in advance (Welch), or for looking again and again (a confidence sequence). */
export type AnalysisMethod = 'fixed-horizon' | 'always-valid';

export interface AnalyzeOptions {
  /** A CSV file with a header. */
  readonly file: string;
  /** The numeric column whose mean is compared. */
  readonly outcome: string;
  /** The column that holds each row's arm: 0 and 1 (or false and true), else two labels of which `control` names one. */
  readonly treatment: string;
  /** A numeric column that was known before the treatment; with it there is an adjusted difference (CUPED). */
  readonly covariate?: string;
  /** The label of control; default: 0 or false. */
  readonly control?: string;
  /** Two-sided error level; default 0.05. */
  readonly alpha?: number;
  readonly method?: AnalysisMethod;
}

export interface AnalyzedArm {
  readonly label: string;
  readonly units: number;
  readonly mean: number;
  readonly standardDeviation: number;
}

/** Treatment minus control, in the outcome's unit. */
export interface AnalyzedDifference {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly standardError: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** What one file says about one treatment; JSON as it is. */
export interface Analysis {
  readonly file: string;
  readonly outcome: string;
  readonly treatment: string;
  readonly covariate: string | null;
  readonly method: AnalysisMethod;
  readonly alpha: number;
  readonly rows: {
    readonly read: number;
    readonly used: number;
    /** Rows with a missing value in this column; a row may miss several. */
    readonly missing: readonly { readonly column: string; readonly rows: number }[];
  };
  readonly control: AnalyzedArm;
  readonly treated: AnalyzedArm;
  readonly difference: AnalyzedDifference;
  /** Treated over control minus 1 (linear delta method); null where control's mean is not bounded away from 0. */
  readonly relative: Pick<AnalyzedDifference, 'estimate' | 'lower' | 'upper'> | null;
  /** The difference after CUPED; null without a covariate. */
  readonly adjusted:
    | (AnalyzedDifference & {
        readonly theta: number;
        /** Share of the variance of the difference that the covariate removed. */
        readonly varianceRemovedRatio: number;
      })
    | null;
  /**
   * The covariate's own difference between the arms, which a random assignment leaves to chance; null without a covariate, or where it does
   * not vary. A small p-value here says that the arms were different before.
   */
  readonly covariateDifference: AnalyzedDifference | null;
}
