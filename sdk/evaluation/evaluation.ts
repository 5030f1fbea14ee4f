import type { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';

/** One decision. Frozen and shared: every unit that is decided alike gets the same object, so a decision allocates nothing. */
export interface Evaluation {
  readonly flagKey: string;
  /** The variant's key; `null` with `REASON_ERROR`. */
  readonly variant: string | null;
  /** The variant's value; `undefined` with `REASON_ERROR`, where the caller's default counts. */
  readonly value: unknown;
  readonly reason: Reason;
  /** The experiment that decided; `null` where none did. */
  readonly experimentKey: string | null;
  /** The experiment's epoch; 0 where none decided. */
  readonly epoch: number;
  /** The kind of unit that was hashed; `null` where none was. */
  readonly unitType: string | null;
  readonly errorCode: ErrorCode;
  /** What is wrong and how to mend it; empty where nothing is. */
  readonly errorMessage: string;
}

/** Unit ids (such as `user`, `device`) and targeting attributes, by name. */
export type EvaluationContext = Readonly<Record<string, AttributeInput>>;
export type AttributeInput = string | number | boolean | Date | readonly string[] | null | undefined;

export interface EvaluateOptions {
  /** Whether the ruleset is too old to be trusted with an unshipped experiment. */
  readonly isStale?: boolean;
  /** The device that a linked user is hashed by; `undefined`: by himself. */
  readonly hashedUserAs?: (userId: string) => string | undefined;
  /** Ms since 1970 UTC; read only by switchbacks, whose unit is a time window. Without it they do not decide. */
  readonly clock?: () => number;
}

/** Problems in the message; the others are in `problems`. */
const SHOWN = 20;

/** A ruleset that cannot be used: it was refused as a whole and the one before stays in force. */
export class InvalidRulesetError extends Error {
  override readonly name = 'InvalidRulesetError';
  /** Everything that is wrong, each with its place. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const others = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
    super(`the ruleset is refused: ${problems.slice(0, SHOWN).join('; ')}${others}`);
    this.problems = problems;
  }
}
