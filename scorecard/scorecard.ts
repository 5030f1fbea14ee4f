import type { MetricDefinition } from '../definitions/metric.ts';
import type { FutilityReading } from '../estimators/stopping/futility-reading.ts';
import type { StagewiseInference } from '../estimators/stopping/stagewise-inference.ts';

/** A two-sided interval for a quantity, at the level of the stopping rule that made it. */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** What one metric says about one variant against control. */
export interface MetricReadout {
  readonly metricKey: string;
  readonly role: 'primary' | 'secondary' | 'guardrail';
  readonly goodDirection: MetricDefinition['goodDirection'];
  readonly valueUnit: string;
  readonly variant: string;
  readonly controlMean: number;
  readonly variantMean: number;
  readonly controlUnits: number;
  readonly variantUnits: number;
  /** Variant minus control, in the metric's own unit. */
  readonly absolute: Interval;
  /** Variant over control minus 1 (linear delta method); null where control's mean is not bounded away from 0. */
  readonly relative: Interval | null;
  /** P-value for no effect under the stopping rule: anytime-valid, adjusted for the looks taken so far, or of the one look. */
  readonly pValue: number;
  /**
   * The p-value corrected for all secondary comparisons together (Benjamini–Hochberg; of confidence sequences that is e-BH, which holds under any
   * dependence); null for the others, which share alpha. Scorecards of before 2026-11-23 have none.
   */
  readonly adjustedPValue: number | null;
  /** How the interval was made, for readers. */
  readonly method: string;
  /** Share of variance removed by the pre-period covariate; null without one. */
  readonly varianceRemovedRatio: number | null;
  /** Of the primary metric at a look before the last, where the definition wants it: whether there is still hope. */
  readonly futility?: FutilityReading;
  /**
   * Of the primary metric at the look that ends a group-sequential experiment: median-unbiased estimate, interval and p-value by the stage-wise ordering;
   * `absolute` mostly shows too large an effect after an early end.
   */
  readonly afterStopping?: StagewiseInference;
  /** Of the primary metric, where the definition has a target: the probability that it would have been found by now. */
  readonly reachedPower?: number;
}

/** What the primary metric says about one variant against control within one segment. */
export interface SegmentReadout {
  readonly attribute: string;
  readonly value: string;
  readonly variant: string;
  readonly controlUnits: number;
  readonly variantUnits: number;
  /** Variant minus control; not corrected for the number of segments. */
  readonly absolute: Interval;
  readonly relative: Interval | null;
  readonly pValue: number;
  /** Corrected for all segments together (Benjamini–Hochberg). */
  readonly adjustedPValue: number;
  /** The variant is worse here, and the corrected p-value is at most alpha. */
  readonly isHarmed: boolean;
}

/** Whether the split is what the definition says. */
export interface SplitReadout {
  readonly pValue: number;
  readonly threshold: number;
  /** The same by a test that holds its level at every look together. Scorecards of before 2026-11-24 have none. */
  readonly watched?: { readonly pValue: number; readonly threshold: number };
  /** One of the two p-values is below its threshold. */
  readonly isMismatch: boolean;
  readonly counts: readonly { readonly variant: string; readonly units: number; readonly expectedUnits: number }[];
  /** The segments whose split is most wrong, worst first; only where there is a mismatch. */
  readonly suspectSegments: readonly {
    readonly attribute: string;
    readonly value: string;
    readonly pValue: number;
    readonly counts: readonly { readonly variant: string; readonly units: number; readonly expectedUnits: number }[];
  }[];
}

/** One condition of the verdict, with its reason in a sentence. */
export interface Gate {
  readonly gate:
    | 'data'
    | 'split'
    | 'guardrail'
    | 'primary'
    | 'minimum-runtime'
    | 'maximum-runtime'
    | 'maximum-units'
    | 'target-power'
    | 'futility';
  readonly metricKey: string | null;
  readonly status: 'passed' | 'failed' | 'inconclusive' | 'waiting';
  readonly reason: string;
}

/**
 * - `ship`: primary significant in its good direction, guardrails passed, split clean, minimum runtime over;
 * - `do-not-ship`: primary significant in its bad direction, or a guardrail breached;
 * - `keep-running`: none of the others, yet;
 * - `inconclusive`: without an answer the maximum runtime is over, the planned units are there, the target's power is reached, or it is futile;
 * - `invalid`: the data cannot be trusted; no effect is shown.
 */
export type Verdict = 'ship' | 'do-not-ship' | 'keep-running' | 'inconclusive' | 'invalid';

/** Everything known about an experiment at one time. With `invalid`, `readouts` is empty: no number at all, and the reason why. */
export interface Scorecard {
  readonly experimentKey: string;
  readonly epoch: number;
  readonly computedAtMs: number;
  readonly verdict: Verdict;
  /** The verdict in a sentence. */
  readonly summary: string;
  /** The variant that `ship` means. */
  readonly winningVariant: string | null;
  readonly split: SplitReadout | null;
  /** The look whose outcomes the primary and secondary metrics are read at; null: any time is a look, or none has come yet. */
  readonly look: {
    readonly look: number;
    readonly looks: number;
    readonly atMs: number;
    readonly isLast: boolean;
  } | null;
  readonly readouts: readonly MetricReadout[];
  /** The primary metric by segments, the harmed ones first. Scorecards of before 2026-11-23 have none. */
  readonly segments: readonly SegmentReadout[];
  readonly gates: readonly Gate[];
  /** Units that are not in the readouts, and why. */
  readonly leftOut: {
    /** Exposed under more than one variant; analysed by their first, counted here. */
    readonly crossedUnits: number;
    /** Exposures whose reason is not a random split. */
    readonly notRandomExposures: number;
    /** Units whose metric window has not closed, by metric. */
    readonly immatureUnits: Readonly<Record<string, number>>;
  };
}
