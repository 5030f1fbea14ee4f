import type { Design } from './design.ts';
import type { ConditionDefinition, VariantValue } from './flag.ts';

/** A point of a ramp. */
export interface RampStage {
  /** Share of all traffic that is enrolled, in percent (0.01 to 100). */
  readonly percent: number;
  /** How long the stage is held before its gates are judged, in ms. */
  readonly holdMs: number;
}

/** Hours in which a ramp may move. */
export interface RampCalendar {
  /** IANA time zone, such as Asia/Kolkata. */
  readonly timeZone: string;
  /** ISO weekdays (1 = Monday); default: all. */
  readonly weekdays: readonly number[];
  /** Local time of day, HH:MM, inclusive. */
  readonly from: string;
  /** Local time of day, HH:MM, exclusive. */
  readonly to: string;
}

/** A time in which a ramp may not move, such as a match start. */
export interface BlackoutWindow {
  /** ISO 8601 with offset, inclusive. */
  readonly from: string;
  /** ISO 8601 with offset, exclusive. */
  readonly to: string;
  readonly why: string;
}

export interface Guardrail {
  readonly metric: string;
  /**
   * The largest tolerable harm as a relative change of the metric, positive: 0.02 tolerates a mean 2 % worse than control's,
   * in the metric's bad direction. The guardrail passes when the interval excludes a harm beyond it, is breached when the interval lies
   * wholly beyond it, and is inconclusive otherwise.
   */
  readonly marginRatio: number;
}

export interface StoppingRuleBase {
  /** Two-sided error level over the whole life of the experiment, default 0.05. */
  readonly alpha: number;
  /** The experiment ends when so many units, all arms together, have matured for the primary metric; without it the runtime alone ends it. */
  readonly maximumUnits?: number;
  /**
   * The experiment ends once an effect of this size on the primary metric would have been found with this probability, given the variance that there
   * really is; of every variant, at a look. Not with fixed-horizon, whose only look comes at a time fixed in advance.
   */
  readonly target?: { /** Of control's mean, as a share. */ readonly effectRatio: number; readonly power: number };
}

/**
 * Gives up at a look whose effect is so small that the error of missing a real one may be spent (beta spending). Not binding: the intervals hold
 * whether anybody obeys or not.
 */
export interface FutilityDefinition {
  /** How 1 − power is spent. Default `obrien-fleming`. */
  readonly spending: 'obrien-fleming' | 'pocock';
  /** Probability to find the effect that the planned end can just find, where futility is obeyed; default 0.8. */
  readonly power: number;
}

/**
 * When the primary and the secondary metrics may be read. Guardrails are watched all the time under every rule, by confidence sequences.
 * - `always-valid`: whenever one likes (confidence sequences);
 * - `group-sequential`: at `looks` times, evenly over the maximum runtime, each spending its part of alpha;
 * - `fixed-horizon`: once, when the maximum runtime is over or the units are there.
 */
export type StoppingRule = StoppingRuleBase &
  (
    | { readonly rule: 'always-valid' | 'fixed-horizon' }
    | {
        readonly rule: 'group-sequential';
        /** 2 to 20. */
        readonly looks: number;
        /** How alpha is spent over the runtime: hardly any early (O'Brien-Fleming), or evenly (Pocock). Default `obrien-fleming`. */
        readonly spending: 'obrien-fleming' | 'pocock';
        /** When it gives up; missing: never before the last look. */
        readonly futility?: FutilityDefinition;
      }
  );

/** An experiment as its author wrote it, checked and with every default filled in. */
export interface ExperimentDefinition {
  readonly kind: 'experiment';
  readonly key: string;
  readonly hypothesis: string;
  readonly owner: string;
  /** The flag whose variants it assigns; default: the experiment's key. The flag is made where none is defined. */
  readonly flag: string;
  /** The context attribute that identifies the unit; default `user`, or what the design names. */
  readonly unit: string;
  /** What is randomized; missing: each unit by itself. `unit` is then the attribute that the design names. */
  readonly design?: Design;
  /** What units share, in a sentence, so that one's treatment changes another's outcome; refused without a design. */
  readonly interference?: string;
  /** Default: a layer of its own, with the experiment's key. */
  readonly layer: string;
  readonly variants: readonly {
    readonly key: string;
    readonly value: VariantValue;
    /** Basis points; they sum to 10,000. */
    readonly weightBasisPoints: number;
  }[];
  /** The control variant's key; default `control`. */
  readonly control: string;
  readonly targeting: ConditionDefinition | null;
  /** Context attributes by which results are read and split problems located. */
  readonly segments: readonly string[];
  /**
   * Context attributes that the treatment can change, such as wallet_state; default: none. Targeting on them, also through a segment,
   * and reading results by them are refused: both would select units by their outcome.
   */
  readonly affects?: readonly string[];
  readonly metrics: {
    readonly primary: string;
    readonly secondary: readonly string[];
    readonly guardrails: readonly Guardrail[];
  };
  readonly stopping: StoppingRule;
  readonly approval: { readonly required: boolean };
  readonly ramp: {
    readonly stages: readonly RampStage[];
    readonly calendar: RampCalendar | null;
    readonly blackouts: readonly BlackoutWindow[];
  };
  /** The runtime counts from the first enrolment. */
  readonly runtime: { readonly minimumMs: number; readonly maximumMs: number };
  /** Units that stay on control after shipping, and for how long; percent 0: none. */
  readonly holdback: { readonly percent: number; readonly forMs: number };
}
