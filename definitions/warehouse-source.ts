import type { Guardrail, StoppingRule } from './experiment.ts';
import type { SourceMetric } from './source-metric.ts';

/** Where the rows are. Nothing is ever written there. */
export type WarehouseConnection =
  | { readonly engine: 'duckdb'; /** The database file, relative to the document. */ readonly file: string }
  | {
      readonly engine: 'parquet';
      /** The files of each table as globs, relative to the document, by the name that the SQL uses. */
      readonly tables: Readonly<Record<string, readonly string[]>>;
    }
  | {
      readonly engine: 'bigquery';
      /** The project that pays for the queries. */
      readonly project: string;
      /** Where table names without a dataset are looked up. */
      readonly dataset: string;
      readonly location: string | null;
      /** A query that would read more is refused before it runs. */
      readonly maximumBytesBilled: number;
    };

/** One row per exposure: who met which variant of which experiment, and when. */
export interface AssignmentQuery {
  readonly key: string;
  readonly sql: string;
  /** What the experiments randomize, such as `user`; for readers. */
  readonly unit: string;
  /** The columns of the SQL that hold these. */
  readonly columns: {
    readonly unit: string;
    readonly experiment: string;
    readonly variant: string;
    readonly exposedAt: string;
  };
  /** Columns, known at the exposure, by which a broken split is located. */
  readonly segments: readonly string[];
}

/** One row per thing that a unit did. */
export interface FactQuery {
  readonly key: string;
  readonly sql: string;
  readonly columns: {
    readonly unit: string;
    readonly occurredAt: string;
    /** Rows with the same id count once, the earliest; null: every row counts. */
    readonly id: string | null;
  };
}

export interface SourceExperiment {
  readonly key: string;
  /** How the experiment column names it; default: its key. */
  readonly assignedAs: string;
  /** The key of the assignment query. */
  readonly assignments: string;
  readonly hypothesis: string;
  readonly variants: readonly {
    /** As the variant column holds it. */
    readonly key: string;
    /** Basis points; they sum to 10,000. */
    readonly weightBasisPoints: number;
  }[];
  readonly control: string;
  readonly metrics: {
    readonly primary: string;
    readonly secondary: readonly string[];
    readonly guardrails: readonly Guardrail[];
  };
  readonly stopping: StoppingRule;
  readonly runtime: { readonly minimumMs: number; readonly maximumMs: number };
  /** Exposures before this do not count. Ms since 1970 UTC. */
  readonly fromMs: number;
  /** Exposures after this do not count, nor do windows that were open then; null: it runs. Ms since 1970 UTC. */
  readonly toMs: number | null;
}

/** An existing warehouse: where it is, how its rows are read, and the experiments in it. */
export interface WarehouseSource {
  readonly kind: 'warehouse_source';
  readonly key: string;
  readonly owner: string;
  readonly connection: WarehouseConnection;
  /** The IANA zone of times and dates that name none; default UTC. */
  readonly timeZone: string;
  readonly assignments: readonly AssignmentQuery[];
  readonly facts: readonly FactQuery[];
  readonly metrics: readonly SourceMetric[];
  readonly experiments: readonly SourceExperiment[];
}
