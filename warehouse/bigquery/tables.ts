/** A column as BigQuery has it. */
export interface BigQueryColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT64' | 'TIMESTAMP' | 'JSON';
  readonly isRequired: boolean;
}

export interface BigQueryTable {
  readonly name: string;
  /** What a row is; kept as the table's description. */
  readonly grain: string;
  readonly columns: readonly BigQueryColumn[];
  /** A TIMESTAMP column; the table has one partition per UTC day of it. */
  readonly partitionedBy?: string;
  readonly clusteredBy?: readonly string[];
}

const required = (name: string, type: BigQueryColumn['type']): BigQueryColumn => ({ name, type, isRequired: true });
const nullable = (name: string, type: BigQueryColumn['type']): BigQueryColumn => ({ name, type, isRequired: false });

/** The same columns as the embedded warehouse has (`raw-events-table.ts`). */
export const RAW_EVENTS: BigQueryTable = {
  name: 'raw_events',
  grain: 'One row per event, as it was ingested; times are UTC.',
  columns: [
    required('event_id', 'STRING'),
    required('event_type', 'STRING'),
    required('schema_version', 'INT64'),
    nullable('user_id', 'STRING'),
    nullable('anonymous_id', 'STRING'),
    required('occurred_at', 'TIMESTAMP'),
    required('service_name', 'STRING'),
    nullable('experiment_key', 'STRING'),
    nullable('epoch', 'INT64'),
    nullable('variant', 'STRING'),
    nullable('decision_id', 'STRING'),
    required('properties', 'JSON'),
    required('ingested_at', 'TIMESTAMP'),
    required('log_partition', 'INT64'),
    required('log_offset', 'INT64'),
  ],
  partitionedBy: 'occurred_at',
  clusteredBy: ['experiment_key', 'user_id'],
};

export const INGEST_OFFSETS: BigQueryTable = {
  name: 'ingest_offsets',
  grain: 'One row per partition of the event log: where ingest goes on, and how many events came twice.',
  columns: [required('log_partition', 'INT64'), required('next_offset', 'INT64'), required('duplicate_count', 'INT64')],
};

/**
 * BigQuery has no unique keys, and two transactions that only insert do not conflict. Every append updates this one row first, so of two
 * appends at the same time, from whichever processes, BigQuery aborts one.
 */
export const INGEST_TURN: BigQueryTable = {
  name: 'ingest_turn',
  grain: 'One row, updated by every append, so that two appends at the same time conflict.',
  columns: [required('turn', 'INT64')],
};
