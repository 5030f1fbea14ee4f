import type { EventBatch } from '../event-bus/port.ts';

/** A SQL statement in one dialect with its named parameters (`$name` in DuckDB, `@name` in BigQuery). */
export interface Statement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StatementParameter>>;
}
export type StatementParameter = string | number | bigint | boolean | Date | null | readonly string[];

/** A row: DuckDB BIGINT and HUGEINT become `number` where safe (else an error), TIMESTAMP becomes `Date`, LIST an array. */
export type Row = Readonly<Record<string, unknown>>;

/** The warehouse: raw events in, answers to SQL out. One DuckDB file has one owning process. */
export interface Warehouse {
  readonly dialectName: 'duckdb' | 'bigquery';
  query<R extends Row>(statement: Statement): Promise<readonly R[]>;
  /** Runs statements in order in one transaction. */
  execute(statements: readonly Statement[]): Promise<void>;
  /**
   * Appends a batch to `raw_events` and stores its `nextOffset`, in one transaction. A batch whose offsets are already stored
   * changes nothing. Returns how many rows were new.
   */
  appendEvents(batch: EventBatch): Promise<number>;
  /** The next offset to ingest in a partition; `undefined`: none was ingested. */
  ingestedOffset(partition: number): Promise<bigint | undefined>;
  close(): Promise<void>;
}
