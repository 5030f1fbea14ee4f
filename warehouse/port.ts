import type { EventBatch } from '../event-bus/port.ts';

/** A SQL statement in one dialect with its named parameters (`$name` in DuckDB, `@name` in BigQuery). */
export interface Statement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StatementParameter>>;
  /** The types of parameters that may be null: of a null BigQuery cannot tell one, and takes it for text. */
  readonly parameterTypes?: Readonly<Record<string, ParameterType>>;
  /** For whom and for what it is asked, such as `{ purpose: 'scorecard', experiment: 'upi_retry' }`; BigQuery's bill is told apart by them. */
  readonly labels?: Readonly<Record<string, string>>;
}
export type StatementParameter = string | number | bigint | boolean | Date | null | readonly string[];
export type ParameterType = 'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'TIMESTAMP';

/**
 * A row, the same from every warehouse: whole numbers of any width become `number` where that is exact (else an error), fractions `number`, TIMESTAMP
 * `Date` (parts of a millisecond are cut off), DATE the text `YYYY-MM-DD`, lists arrays, structs objects, text and JSON text.
 */
export type Row = Readonly<Record<string, unknown>>;

/** The warehouse: raw events in, answers to SQL out. One DuckDB file has one owning process. */
export interface Warehouse {
  readonly dialectName: 'duckdb' | 'bigquery';
  /** How many events ingest best gives to `appendEvents` at once; default 5,000. */
  readonly preferredBatchSize?: number;
  query<R extends Row>(statement: Statement): Promise<readonly R[]>;
  /** Runs statements in order in one transaction. In BigQuery those that define tables come first and are not part of it. */
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
