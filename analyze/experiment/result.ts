import type { FutilityReading } from '../../estimators/stopping/futility-reading.ts';
import type { StagewiseInference } from '../../estimators/stopping/stagewise-inference.ts';
import type { Warning } from './check-columns.ts';
import type { DilutionReading, InteractionReading, TrendReading } from './context-readings.ts';
import type { GoodDirection, MetricExpression } from './metric-expression.ts';
import type { Correction, ExperimentRequest } from './request.ts';

export interface Bounds {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}
export interface AbsoluteEffect extends Bounds {
  readonly standardError: number;
}

/** An arm as it is, before any adjustment. */
export interface ArmReading {
  readonly arm: string;
  readonly units: number;
  /** The mean per unit; of a ratio the ratio; of a quantile the quantile. */
  readonly mean: number;
  /** Of one unit's contribution: the standard error is this over the root of the units. */
  readonly standardDeviation: number;
}

/** What it costs that clusters rather than units were randomized. */
export interface Clustering {
  readonly intraclusterCorrelation: number;
  /** Factor on the variance of the difference. */
  readonly designEffect: number;
  /** Independent units that would tell as much. */
  readonly effectiveUnits: number;
}

/** How windows of a switchback depend on each other. */
export interface SwitchbackFacts {
  /** Windows over which cells of a region may depend on each other. */
  readonly maximumLag: number;
  readonly heldFixed: 'region and window' | 'region';
  /** Variance over what it would be if windows did not depend on each other. */
  readonly varianceInflation: number;
  /** Effect of the arm of the window before, the own arm held fixed; null where too few windows follow one another. */
  readonly carryOver: (Bounds & { readonly pValue: number }) | null;
}

/** Beside the frequentist reading, with no belief beforehand; it promises nothing about how often it errs under repeated looks. */
export interface BayesianView {
  /** Probability that the arm is better than control, by the direction that is good. */
  readonly chanceToBeatControl: number;
  /** In the metric's unit: what is lost on average by taking the arm, where it is worse. */
  readonly expectedLoss: number;
  /** The same for staying with control. */
  readonly expectedLossOfControl: number;
}

/** An interval that holds for what was selected out of many: at most alpha of the intervals that are shown miss (false coverage rate). */
export interface SelectedInterval {
  /** The error level at which it is made, below alpha. */
  readonly level: number;
  readonly lower: number;
  readonly upper: number;
  /** null where control's mean is not bounded away from 0. */
  readonly relative: { readonly lower: number; readonly upper: number } | null;
}

/** One arm against control, for one metric. */
export interface Comparison {
  readonly arm: string;
  readonly control: string;
  /** Arm minus control, in the metric's unit; adjusted by the covariates where there are any. */
  readonly absolute: AbsoluteEffect;
  /** Arm over control minus 1; null where control's mean is not bounded away from 0. */
  readonly relative: Bounds | null;
  /** Two-sided, of the stopping rule; not corrected. */
  readonly pValue: number;
  /** Corrected for the other comparisons of its family. */
  readonly adjustedPValue: number;
  /** The adjusted p-value is at most alpha. */
  readonly isSignificant: boolean;
  /** What a significant effect means, by the direction that is good. */
  readonly reading: 'better' | 'worse' | 'not shown';
  /** Of a significant one among others of its family that are not; null: `absolute` holds as it is. */
  readonly selected: SelectedInterval | null;
  /** Without the covariates; null where there are none. */
  readonly unadjusted: (AbsoluteEffect & { readonly relative: Bounds | null; readonly pValue: number }) | null;
  /** Share of the variance of the difference that the covariates removed; null without covariates. */
  readonly varianceRemovedRatio: number | null;
  /** null where units were randomized, and for ratios and quantiles. */
  readonly clustering: Clustering | null;
  /** null but for a switchback. */
  readonly switchback: SwitchbackFacts | null;
  /** Interval and p-value hold in finite samples, without any approximation; see `--sequences`. */
  readonly isExact: boolean;
  readonly bayesian: BayesianView;
  /** Of the primary metric, where `--futility` asks and this is not the last look: whether the experiment may give up. */
  readonly futility: FutilityReading | null;
  /**
   * Of the primary metric at the look that ends a group-sequential experiment: median-unbiased estimate, interval and p-value by the stage-wise ordering,
   * where `absolute` mostly shows too large an effect after an early stop. Given that no look before crossed its boundary.
   */
  readonly afterStopping: StagewiseInference | null;
}

export interface MetricReading {
  readonly metric: string;
  readonly type: MetricExpression['type'];
  readonly role: 'primary' | 'secondary';
  readonly goodDirection: GoodDirection;
  /** Where values were cut; null: nowhere. */
  readonly capAt: number | null;
  readonly arms: readonly ArmReading[];
  readonly comparisons: readonly Comparison[];
}

/** One value of a segment column, for one metric and arm. Segments are read after the fact: corrected over all of them. */
export interface SegmentReading {
  readonly segment: string;
  readonly value: string;
  readonly metric: string;
  readonly arm: string;
  readonly units: { readonly control: number; readonly arm: number };
  readonly means: { readonly control: number; readonly arm: number };
  readonly absolute: AbsoluteEffect;
  readonly relative: Bounds | null;
  readonly pValue: number;
  readonly adjustedPValue: number;
  /** Of a significant one among others that are not; null: `absolute` holds as it is, or nothing is shown. */
  readonly selected: SelectedInterval | null;
  /** Significantly in the bad direction. */
  readonly isHarmed: boolean;
}

/** Whether an effect is the same in all values of a segment column: Cochran's Q, for one look. */
export interface SegmentDifference {
  readonly segment: string;
  readonly metric: string;
  readonly arm: string;
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Small where the effects differ. */
  readonly pValue: number;
  readonly adjustedPValue: number;
  /** I²: the share of the spread between the values that is not chance, from 0 to 1. */
  readonly inconsistencyRatio: number;
  /** The effect pooled over the values, weighted by the inverse of their variances. */
  readonly pooledEstimate: number;
}

/** The primary metric on one day since a unit's first row, on its own and not corrected. */
export interface DayReading {
  /** 0 is the day of the first row. */
  readonly day: number;
  readonly metric: string;
  readonly arm: string;
  readonly units: { readonly control: number; readonly arm: number };
  readonly means: { readonly control: number; readonly arm: number };
  readonly absolute: AbsoluteEffect;
  readonly relative: Bounds | null;
  readonly pValue: number;
}

export interface SplitReading {
  readonly arms: readonly { readonly arm: string; readonly units: number; readonly expectedUnits: number }[];
  readonly pValue: number;
  readonly threshold: number;
  readonly isMismatch: boolean;
  /** Where the split is most wrong, the worst first; empty unless it is. */
  readonly suspects: readonly {
    readonly segment: string;
    readonly value: string;
    readonly pValue: number;
    readonly counts: Readonly<Record<string, number>>;
  }[];
}

/** What one file says about one experiment; JSON as it is. */
export interface ExperimentAnalysis {
  readonly file: string;
  /** `invalid`: the arms cannot be compared, so no effect is shown. */
  readonly status: 'ok' | 'invalid';
  /** Why, in a sentence; null where it is ok. */
  readonly reason: string | null;
  readonly rowCount: number;
  readonly unitCount: number;
  readonly crossedUnitCount: number;
  readonly control: string;
  readonly alpha: number;
  readonly correction: Correction;
  readonly stopping: ExperimentRequest['stopping'];
  readonly design: ExperimentRequest['design'];
  readonly covariates: readonly string[];
  /** The column within whose values the arms are compared; null: none. */
  readonly postStratify: string | null;
  /** The columns from which each metric is predicted (CUPAC). */
  readonly predictors: readonly string[];
  readonly split: SplitReading;
  /** Empty where it is invalid, as are the segments. */
  readonly metrics: readonly MetricReading[];
  readonly segments: readonly SegmentReading[];
  /** Where several values of a segment column can be read. */
  readonly segmentDifferences: readonly SegmentDifference[];
  /** With dates, where units have rows on several days. */
  readonly days: readonly DayReading[];
  /** With dates, where most units had at least 3 days. */
  readonly trends: readonly TrendReading[];
  readonly interactions: readonly InteractionReading[];
  readonly dilution: readonly DilutionReading[];
  /** How it was computed, a sentence each. */
  readonly methods: readonly string[];
  readonly warnings: readonly Warning[];
}
