import type { ColumnType, Generated } from 'kysely';

/** BIGINT: PostgreSQL's driver gives text, which `BigInt` reads. */
type BigIntColumn = ColumnType<string, bigint | string, bigint | string>;

export interface EventLogTables {
  /** One row per partition: the offset that the next event gets. Its row lock serialises appends. */
  event_log_partitions: { partition: number; next_offset: BigIntColumn };
  /** One row per event of the log. */
  event_log_events: {
    partition: number;
    offset: BigIntColumn;
    ingested_at_ms: BigIntColumn;
    event: ColumnType<string>;
  };
  /** One row per consumer group. The id names the group's advisory locks. */
  event_log_groups: { name: string; id: Generated<number> };
  /** One row per group and partition whose offsets the bus keeps. */
  event_log_offsets: { group_id: number; partition: number; next_offset: BigIntColumn };
  /** One row per event or message that was refused. */
  event_log_dead_letters: {
    id: Generated<string>;
    received_at_ms: BigIntColumn;
    reason: string;
    payload: ColumnType<string>;
  };
  /** One row per version of an event type that this log was opened with. Never changed. */
  event_log_schemas: { event_type: string; version: number; definition: string };
}
