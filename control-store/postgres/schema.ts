import type { ColumnType, Generated, Kysely, Transaction } from 'kysely';
import type { DefinitionKind } from '../../definitions/definition.ts';
import type { LifecycleStatus } from '../port.ts';

/** Written as JSON text, read as the value. */
type Json = ColumnType<unknown, string, string>;

export interface DefinitionVersionsTable {
  kind: DefinitionKind;
  key: string;
  version: number;
  document: Json;
  created_by: string;
  created_at: Date;
}

export interface ExperimentsTable {
  key: string;
  flag_key: string;
  epoch: number;
  definition_version: number;
  status: LifecycleStatus;
  status_reason: string;
  stage: number;
  enrolled_basis_points: number;
  shipped_variant: string | null;
  started_at: Date | null;
  enrolled_at: Date | null;
  analysis_closed_at: Date | null;
  reserved_buckets: Json;
  holdback_basis_points: number;
  revision: number;
}

export interface KillsTable {
  kill_id: string;
  target_kind: 'flag' | 'experiment';
  target_key: string;
  actor: string;
  reason: string;
  killed_at: Date;
  ruleset_version: number;
  revoked_at: Date | null;
  revoked_version: number | null;
}

interface RulesetsTable {
  version: number;
  published_at: Date;
  /** `umpire.flags.v1.Ruleset`. */
  ruleset: Buffer;
  /** `umpire.flags.v1.RulesetDelta` from the version before; null for the first. */
  delta: Buffer | null;
}

interface StepsTable {
  step_key: string;
  request: string;
  result: Json;
  done_at: Date;
}

interface AuditTable {
  id: Generated<number>;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  reason: string;
  detail: Json;
}

/** By what a user is hashed for good: a device, or (null) himself. */
interface UserHashesTable {
  user_id: string;
  device_id: string | null;
  fixed_at: Date;
}

interface ScorecardsTable {
  experiment_key: string;
  epoch: number;
  computed_at: Date;
  document: Json;
}

/** One row per backup that was restored into this store. */
interface RestoresTable {
  id: Generated<number>;
  restored_at: Date;
  actor: string;
  reason: string;
  backup_created_at: Date;
  backup_version: number;
  /** Every ruleset that is published from then on has a version above it. */
  version_floor: number;
}

/** One row: what the hashes of erased ids are keyed with. */
interface ErasureKeyTable {
  is_only: Generated<boolean>;
  key: Buffer;
}

/** One row per id whose past is erased. */
interface ErasedIdsTable {
  id_hash: Buffer;
  erased_until: Date;
  /** Grows with every change, so that readers fetch only what is new. */
  change: ColumnType<string, never, never>;
}

interface ErasuresTable {
  erasure_id: string;
  subject_hash: Buffer;
  requested_at: Date;
  actor: string;
  reason: string;
  is_dry_run: boolean;
  erased_until: Date;
  finished_at: Date | null;
  receipt: ColumnType<unknown, string | null, string>;
}

/** Whom an erasure is about, until it is finished. */
interface ErasureSubjectsTable {
  erasure_id: string;
  user_id: string;
  device_ids: string[];
}

interface CausalQuestionsTable {
  question_id: string;
  question: Json;
  asked_at: Date;
  state: string;
  detail: string;
  finished_at: Date | null;
  report: ColumnType<unknown, string | null, string | null>;
}

export interface ControlDatabase {
  causal_questions: CausalQuestionsTable;
  definition_versions: DefinitionVersionsTable;
  experiments: ExperimentsTable;
  kills: KillsTable;
  rulesets: RulesetsTable;
  steps: StepsTable;
  audit: AuditTable;
  user_hashes: UserHashesTable;
  scorecards: ScorecardsTable;
  restores: RestoresTable;
  erasure_key: ErasureKeyTable;
  erased_ids: ErasedIdsTable;
  erasures: ErasuresTable;
  erasure_subjects: ErasureSubjectsTable;
}

/** The schema that holds all tables, so that the store can share a database. */
export const SCHEMA = 'umpire_control';

export type Database = Kysely<ControlDatabase>;
export type Tx = Transaction<ControlDatabase>;
