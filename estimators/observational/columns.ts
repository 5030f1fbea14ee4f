/**
 * Encoded covariates of units, column by column: numbers only, no intercept, nothing missing. A million units with ten covariates are 80 MB,
 * and every estimator reads them in place.
 */
export interface Columns {
  readonly rowCount: number;
  /** One for each column. */
  readonly names: readonly string[];
  /** Each holds `rowCount` numbers. */
  readonly columns: readonly Float64Array[];
}

/** Which mean effect is asked for: over the treated, over everybody, or over those who could as well have had the other treatment. */
export type Estimand = 'ATT' | 'ATE' | 'ATO';

/** What a long loop over all rows tells and obeys. */
export interface Progress {
  /** From 0 to 1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}
