import type { RulesetDelta, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Definition, DefinitionKind } from '../definitions/definition.ts';
import type { Scorecard } from '../scorecard/scorecard.ts';

/** Who changes something, and why; goes to the audit table. */
export interface Actor {
  readonly name: string;
  readonly reason: string;
}

export interface StoredDefinition {
  readonly definition: Definition;
  /** From 1; a document that did not change makes no new version. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAtMs: number;
}

export type LifecycleStatus =
  | 'draft'
  | 'awaiting-approval'
  | 'running'
  | 'paused'
  | 'shipped'
  | 'rolled-back'
  | 'invalid'
  | 'inconclusive'
  | 'archived';

/** Where an experiment stands. The workflow owns every change of it except the kill. */
export interface ExperimentRecord {
  readonly key: string;
  /** 0 before the first start. */
  readonly epoch: number;
  readonly definitionVersion: number;
  readonly status: LifecycleStatus;
  readonly statusReason: string;
  /** From 1; 0 before the first stage. */
  readonly stage: number;
  /** Share of all traffic that is enrolled. */
  readonly enrolledBasisPoints: number;
  readonly shippedVariant: string | null;
  readonly startedAtMs: number | null;
  /** When its first units were enrolled. */
  readonly enrolledAtMs: number | null;
  /** No exposure after this is analysed. */
  readonly analysisClosedAtMs: number | null;
  readonly isKilled: boolean;
  /** Grows with every change of this record. */
  readonly revision: number;
}

/** A change of an experiment's record. */
export type Transition =
  | { readonly to: 'awaiting-approval' }
  /** Takes buckets for the final stage and begins a new epoch with fresh salts, nobody enrolled yet. */
  | { readonly to: 'started'; readonly definitionVersion: number }
  /** Only ever enrols more. */
  | { readonly to: 'enrolled'; readonly stage: number; readonly basisPoints: number }
  | { readonly to: 'paused' }
  | { readonly to: 'resumed' }
  | { readonly to: 'shipped'; readonly variant: string; readonly holdbackBasisPoints: number }
  | { readonly to: 'holdback-ended' }
  | { readonly to: 'rolled-back' }
  | { readonly to: 'invalid' }
  | { readonly to: 'inconclusive' }
  | { readonly to: 'archived' };

export interface TransitionRequest {
  readonly experimentKey: string;
  readonly transition: Transition;
  readonly actor: Actor;
  /** The same key again changes nothing and returns what the first call did: retried activities are safe. */
  readonly stepKey: string;
  /** The revision that the change is made on; where the record has another, the change is refused. Default: any. */
  readonly expectedRevision?: number;
}

/** The version that a change of a document is made on; 0: there is none yet. */
export interface ExpectedVersion {
  readonly kind: DefinitionKind;
  readonly key: string;
  readonly version: number;
}

export interface KillRecord {
  readonly killId: string;
  readonly target: { readonly kind: 'flag' | 'experiment'; readonly key: string };
  readonly actor: Actor;
  readonly killedAtMs: number;
  readonly rulesetVersion: number;
}

export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly actor: string;
  /** Such as `experiment.started`, `definition.put`, `kill`. */
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly detail: unknown;
}

export type LinkOutcome =
  'linked' | 'already-linked' | 'user-linked-elsewhere' | 'device-taken' | 'user-already-exposed';

/** What could not be done because of the state that the store is in. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}
/** What is not in the store. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** Definitions, lives of experiments, rulesets, kills, identity links, scorecards and the audit. PostgreSQL owns all of it. */
export interface ControlStore {
  /**
   * Checks documents against each other and against what is stored, and stores all or none.
   * @param expectedVersions documents that are only to be stored on top of these versions; default: any
   * @throws InvalidDefinitionError, ConflictError where a document is at another version than expected
   */
  putDefinitions(
    documents: readonly Definition[],
    actor: Actor,
    expectedVersions?: readonly ExpectedVersion[],
  ): Promise<readonly StoredDefinition[]>;
  /** @throws NotFoundError */
  getDefinition<K extends DefinitionKind>(
    kind: K,
    key: string,
    version?: number,
  ): Promise<StoredDefinition & { readonly definition: Extract<Definition, { kind: K }> }>;
  listDefinitions(kind?: DefinitionKind): Promise<readonly StoredDefinition[]>;

  /** @throws NotFoundError */
  getExperiment(key: string): Promise<ExperimentRecord>;
  listExperiments(): Promise<readonly ExperimentRecord[]>;
  /** Changes the record, writes the audit entry and publishes the ruleset in one transaction. @throws ConflictError */
  transition(request: TransitionRequest): Promise<ExperimentRecord>;

  /** Forces control at once and closes the analysis. The same stepKey again changes nothing. */
  kill(request: {
    readonly target: KillRecord['target'];
    readonly actor: Actor;
    readonly stepKey: string;
  }): Promise<KillRecord>;
  /** Returns the first ruleset version without it. @throws NotFoundError */
  revokeKill(killId: string, actor: Actor): Promise<number>;

  currentRuleset(): Promise<Ruleset>;
  /**
   * Calls back with each newer ruleset as it is published (NOTIFY, and a poll in case a notification was lost), until the returned
   * function is called. The delta is given where the watcher's last version was the one before.
   */
  watchRulesets(onRuleset: (ruleset: Ruleset, delta: RulesetDelta | null) => void): Promise<() => Promise<void>>;

  /** Writes a link at most once per user and per device. */
  linkIdentity(userId: string, deviceId: string): Promise<{ outcome: LinkOutcome; hashedDeviceId: string | null }>;
  /** The device by which a user is hashed; null: by himself. */
  linkedDevice(userId: string): Promise<string | null>;
  /** The newest links, at most `limit` of them, oldest first. */
  listLinks(limit: number): Promise<readonly { readonly userId: string; readonly deviceId: string }[]>;
  /** Notes that a user was exposed under his own id, which forbids a later link. */
  markUsersExposed(userIds: readonly string[]): Promise<void>;

  saveScorecard(scorecard: Scorecard): Promise<void>;
  latestScorecard(experimentKey: string): Promise<Scorecard | null>;

  listAudit(filter: { readonly subject?: string; readonly limit: number }): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}
