import type { ColumnBalance } from '../../estimators/observational/balance/balance.ts';
import type { Overlap } from '../../estimators/observational/balance/overlap.ts';
import type { Estimand } from '../../estimators/observational/columns.ts';
import type { CheckReading } from '../checks/reading.ts';
import type { Sensitivity } from '../checks/sensitivity.ts';
import type { MethodName } from '../methods/method.ts';

export interface EffectReading {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided. */
  readonly pValue: number;
}

/** What each method would have said. */
export interface MethodReading {
  readonly method: MethodName;
  /** null where the method could not be used. */
  readonly effect: EffectReading | null;
  /** Matching only: before the regression among the matched controls. */
  readonly plain: EffectReading | null;
  readonly treatedCount: number;
  readonly controlCount: number;
  readonly effectiveControlCount: number;
  /** The largest standardized difference of a covariate that is left; null where the method weights nobody. */
  readonly largestDifference: number | null;
  /** Why it could not be used. */
  readonly reason: string | null;
}

export interface BalanceReading {
  readonly covariate: string;
  readonly before: ColumnBalance;
  /** null where the method weights nobody. */
  readonly after: ColumnBalance | null;
}

/** How many units were left after a step. */
export interface FlowStep {
  readonly step: string;
  readonly treated: number;
  readonly controls: number;
}

export interface SegmentReading {
  readonly segment: string;
  readonly value: string;
  readonly treated: number;
  readonly controls: number;
  readonly effect: EffectReading;
  /** Corrected over all segments (Benjamini-Hochberg). */
  readonly adjustedPValue: number;
}

export type Status = 'credible' | 'fragile' | 'refused';

/** One answer; JSON as it is. A refused one shows no effect anywhere. */
export interface CausalReport {
  readonly status: Status;
  /** Why it is that, a sentence each. */
  readonly reasons: readonly string[];
  /** The finding in a sentence; null where it is refused. */
  readonly finding: string | null;
  readonly question: AskedQuestion;
  readonly estimand: Estimand;
  readonly method: MethodName;
  /** Why this method. */
  readonly methodReason: string;
  readonly effect: EffectReading | null;
  /** The plain difference of the groups: what is wrong to report. */
  readonly naive: EffectReading | null;
  readonly means: { readonly treated: number; readonly control: number } | null;
  readonly flow: readonly FlowStep[];
  readonly methods: readonly MethodReading[];
  readonly balance: readonly BalanceReading[];
  readonly overlap: Overlap | null;
  readonly segments: readonly SegmentReading[];
  readonly checks: readonly CheckReading[];
  readonly sensitivity: Sensitivity | null;
  readonly dataQuality: readonly string[];
  readonly assumptions: readonly string[];
  /** What would have to be true for the answer to be wrong. */
  readonly overturnedBy: readonly string[];
  /** What can be done about it. */
  readonly nextSteps: readonly NextStep[];
  readonly reproduce: Readonly<Record<string, unknown>>;
}

export interface NextStep {
  readonly kind: 'experiment' | 'measure' | 'routing';
  readonly sentence: string;
  /** A draft as a YAML document; null where there is none. */
  readonly document: string | null;
}

/** What was asked, in names that a reader knows. */
export interface AskedQuestion {
  readonly treatment: string;
  readonly outcome: string;
  /** Such as `Rs` or `USD`; empty: a plain number. */
  readonly outcomeUnit: string;
  readonly covariates: readonly string[];
  readonly segments: readonly string[];
  readonly method: MethodName | 'auto';
  readonly estimand: Estimand;
  readonly alpha: number;
  readonly seed: number;
}
