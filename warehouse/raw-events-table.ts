/**
 * The tables that ingest writes. Names and types stay within what BigQuery has too, so that one SQL text serves both.
 *
 * `raw_events`: one row per event as it was ingested. `occurred_at` and `ingested_at` are UTC. An event id is not declared unique: an index
 * over every id ever seen would not stay in memory. `appendEvents` keeps doubles out, and staging models deduplicate once more.
 *
 * `ingest_offsets`: one row per partition of the event log, committed together with the rows that came from it, and how many events
 * of its were dropped because their id was there already.
 */
export const RAW_EVENTS_DDL: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS raw_events (
     event_id VARCHAR NOT NULL,
     event_type VARCHAR NOT NULL,
     schema_version BIGINT NOT NULL,
     user_id VARCHAR,
     anonymous_id VARCHAR,
     occurred_at TIMESTAMP NOT NULL,
     service_name VARCHAR NOT NULL,
     experiment_key VARCHAR,
     epoch BIGINT,
     variant VARCHAR,
     decision_id VARCHAR,
     properties JSON NOT NULL,
     ingested_at TIMESTAMP NOT NULL,
     log_partition BIGINT NOT NULL,
     log_offset BIGINT NOT NULL
   )`,
  `CREATE TABLE IF NOT EXISTS ingest_offsets (
     log_partition BIGINT PRIMARY KEY,
     next_offset BIGINT NOT NULL,
     duplicate_count BIGINT NOT NULL
   )`,
];
