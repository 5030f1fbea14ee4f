/** What the platform concluded about one experiment, beside what is true. Effects are relative to control. */
export interface ExperimentResult {
  readonly key: string;
  readonly verdict: 'ship' | 'rollback' | 'invalid' | 'inconclusive' | 'none';
  /** Null where no effect is shown. */
  readonly estimate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly metric: string | null;
  readonly truth: number | null;
  /** Why, in a sentence. */
  readonly reason: string;
  readonly isAsExpected: boolean;
}

export interface DemoResult {
  readonly seed: number;
  readonly experiments: readonly ExperimentResult[];
  /** The National Supported Work experiment. */
  readonly nsw: unknown;
  readonly timings: {
    readonly firstHarmfulExposureToBreachMs: number | null;
    /** From the breach to the last of the SDKs serving control. */
    readonly breachToLastControlMs: number | null;
    readonly sdksOnControl: number;
    readonly sdks: number;
    readonly setUpMs: number;
    readonly backfillMs: number;
    readonly eveningMs: number;
  };
  readonly events: {
    readonly backfilled: number;
    readonly sessions: number;
    readonly dropped: number;
    readonly undelivered: number;
  };
  readonly addresses: { readonly temporalUi: string; readonly grpc: string };
}
