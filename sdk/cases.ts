import { readFileSync } from 'node:fs';
import type { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';

/** The conformance suite, `cases.json`; its format is described in `cases.md`. */
export interface ConformanceSuite {
  readonly hash_vectors: readonly HashVector[];
  readonly enrolment_vectors: readonly EnrolmentVector[];
  /** Rulesets as proto3 JSON, by name. */
  readonly rulesets: Readonly<Record<string, unknown>>;
  readonly cases: readonly ConformanceCase[];
  readonly refused_rulesets: readonly { readonly name: string; readonly ruleset: unknown }[];
}

export interface HashVector {
  readonly salt: string;
  readonly unit: string;
  readonly murmur3: number;
  readonly bucket: number;
}

export interface EnrolmentVector {
  readonly enrolment_salt: string;
  readonly reserved_buckets: readonly { readonly first: number; readonly end: number }[];
  readonly enrolled_bucket_count: number;
  readonly enrolled_buckets: readonly number[];
}

export interface ConformanceCase {
  readonly name: string;
  readonly ruleset: string;
  readonly flag_key: string;
  readonly context: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
  readonly options?: {
    readonly is_stale?: boolean;
    /** The clock, ms since 1970 UTC. */
    readonly now_ms?: number;
    readonly hashed_user_as?: Readonly<Record<string, string>>;
  };
  /** Not for remote evaluation. */
  readonly local_only?: boolean;
  readonly expected: ExpectedDecision;
}

export interface ExpectedDecision {
  readonly variant: string | null;
  readonly value: unknown;
  readonly reason: Reason;
  readonly experiment_key: string | null;
  readonly epoch: number;
  readonly unit_type: string | null;
  readonly unit_id: string | null;
  readonly error_code: ErrorCode;
}

/** Reads the suite that comes with this package. */
export function readCases(): ConformanceSuite {
  const file = new URL(import.meta.resolve('@third-umpire/sdk/cases.json'));
  return JSON.parse(readFileSync(file, 'utf8')) as ConformanceSuite;
}
