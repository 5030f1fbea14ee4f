import type { LinkOutcome } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Evaluation, EvaluationContext } from '../evaluation/evaluation.ts';
import type { EventStatistics } from './event-buffer.ts';

/** Something that happened, as a service publishes it. The rest of the envelope is filled in. */
export interface Outcome {
  /** Lower snake case, such as `deposit_succeeded`; its schema must be known to the platform. */
  readonly type: string;
  readonly userId?: string;
  /** The device. */
  readonly anonymousId?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  /** The version of the type's schema; default 1. */
  readonly schemaVersion?: number;
  /** When it happened; default: now. */
  readonly timestampMs?: number;
  /** A UUID; give one where the same event may be published twice. */
  readonly eventId?: string;
}

export interface ClientStatistics {
  /** 0 before the first ruleset. */
  readonly rulesetVersion: number;
  readonly isStale: boolean;
  readonly isConnected: boolean;
  readonly reconnects: number;
  /** Rulesets and deltas that could not be used. */
  readonly refusedRulesets: number;
  readonly events: EventStatistics;
}

/** Decides in process, and tells the platform what was shown and what followed. No method but `link` and `close` waits for the network. */
export interface Client {
  /** Resolves once there is a ruleset, from the server or from disk. @throws Error after `timeoutMs` */
  ready(timeoutMs?: number): Promise<void>;
  /** Decides. No side effect; never throws. */
  evaluate(flagKey: string, context: EvaluationContext): Evaluation;
  /** The value of a boolean flag, or `otherwise` where it cannot be had; the reason is in `evaluate`. */
  boolean(flagKey: string, context: EvaluationContext, otherwise: boolean): boolean;
  string(flagKey: string, context: EvaluationContext, otherwise: string): string;
  number(flagKey: string, context: EvaluationContext, otherwise: number): number;
  json<T>(flagKey: string, context: EvaluationContext, otherwise: T): T;
  /** Decides, and logs the exposure where an experiment decided: call it where the code path that differs runs. */
  expose(flagKey: string, context: EvaluationContext): Evaluation;
  /** Publishes an event. Returns false where it was dropped because too many wait already. */
  publish(outcome: Outcome): boolean;
  /**
   * Says that a user logged in on a device, so that the user keeps the device's variants. Call it at the start of a session, before the user
   * is decided for; calling it again changes nothing. @throws Error where the server cannot be reached
   */
  link(userId: string, deviceId: string): Promise<LinkOutcome>;
  /** Sends what waits. */
  flush(): Promise<void>;
  statistics(): ClientStatistics;
  /** Delivers what waits, for at most `timeoutMs` (default 5,000), and ends every connection. Returns how many events are lost. */
  close(timeoutMs?: number): Promise<{ readonly undelivered: number }>;
}
