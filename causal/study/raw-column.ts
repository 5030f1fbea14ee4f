/** A covariate or segment as it was read: numbers with NaN where it is missing, or one of some texts, with -1. */
export type RawColumn =
  | { readonly kind: 'number'; readonly name: string; readonly values: Float64Array }
  | {
      readonly kind: 'category';
      readonly name: string;
      readonly levels: readonly string[];
      /** For each row the place of its level. */
      readonly codes: Int32Array;
    };

/** What was asked about, one entry for each unit. */
export interface RawStudy {
  readonly rowCount: number;
  /** 1 treated, 0 control. */
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
  readonly covariates: readonly RawColumn[];
  readonly segments: readonly RawColumn[];
  /** Outcomes that the treatment cannot have changed. */
  readonly placebos: readonly Placebo[];
}

export interface Placebo {
  readonly name: string;
  /** From before the treatment, or of a kind that it does not reach. */
  readonly kind: 'pre-treatment outcome' | 'negative control';
  readonly values: Float64Array;
}
