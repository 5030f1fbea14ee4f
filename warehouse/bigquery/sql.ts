import type { TimeSpan } from '../time-spans.ts';
import { INGEST_OFFSETS, INGEST_TURN, RAW_EVENTS, type BigQueryTable } from './tables.ts';

/**
 * Every statement that the adapter itself sends. A test gives each export of this file to Google's analyzer, because the emulator accepts
 * SQL that BigQuery refuses.
 */

/** Positions [from, to) of one partition of the event log. */
export interface OffsetRange {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

/** What one append brings: staged rows, from where they came, and when they happened. */
export interface Append {
  readonly staging: string;
  readonly stagedRows: number;
  /** One a partition. */
  readonly ranges: readonly OffsetRange[];
  /** Cover the times of all staged rows, so that only the partitions of those days are read. None: nothing is staged. */
  readonly spans: readonly TimeSpan[];
}

/** The tables of the platform, each made if it is missing. */
export function createTables(): readonly string[] {
  return [createTable(RAW_EVENTS), createTable(INGEST_OFFSETS), createTurn()];
}

function createTable({ name, grain, columns, partitionedBy, clusteredBy }: BigQueryTable): string {
  const lines = columns.map((column) => `  ${column.name} ${column.type}${column.isRequired ? ' NOT NULL' : ''}`);
  const clauses = [
    ...(partitionedBy === undefined ? [] : [`PARTITION BY DATE(${partitionedBy})`]),
    ...(clusteredBy === undefined ? [] : [`CLUSTER BY ${clusteredBy.join(', ')}`]),
    `OPTIONS (description = ${text(grain)})`,
  ];
  return `CREATE TABLE IF NOT EXISTS ${name} (\n${lines.join(',\n')}\n)\n${clauses.join('\n')}`;
}

/** Made with its row in one step, so that there is never none and never two. */
function createTurn(): string {
  return `CREATE TABLE IF NOT EXISTS ${INGEST_TURN.name}
OPTIONS (description = ${text(INGEST_TURN.grain)})
AS SELECT 0 AS turn`;
}

/**
 * Moves what is new from the staging table into `raw_events`, and the offsets with it. The statements of one transaction, in order:
 * rows below the stored offset and event ids that are there already change nothing, whoever runs it and however often.
 *
 * It merges by event id with an INSERT of what is missing, inside the transaction. A MERGE that only inserts would do the same, but two of
 * them at once do not conflict, and outside of the transaction nothing else would keep them apart: a job of a process that was killed
 * goes on in BigQuery while the next process begins. (The emulator has no MERGE within a transaction.)
 */
export function appendStatements(append: Append): readonly string[] {
  return [
    'BEGIN TRANSACTION',
    `ASSERT (SELECT COUNT(*) FROM ${table(append.staging)}) = ${append.stagedRows} AS 'the staging table is not whole'`,
    `-- Of two appends at the same time one is aborted here.
UPDATE ${INGEST_TURN.name} SET turn = turn + 1 WHERE TRUE`,
    `-- Partitions that were never ingested begin at 0.
INSERT INTO ${INGEST_OFFSETS.name} (log_partition, next_offset, duplicate_count)
SELECT ranges.log_partition, 0, 0
FROM ${rangesOf(append)} AS ranges
LEFT JOIN ${INGEST_OFFSETS.name} AS stored ON stored.log_partition = ranges.log_partition
WHERE stored.log_partition IS NULL`,
    insertNewRows(append),
    moveOffsets(append),
    'COMMIT TRANSACTION',
  ];
}

/** How many rows of each range are in `raw_events`: one row per partition that has any. */
export function countAppended(append: Append): string {
  return `SELECT ranges.log_partition AS log_partition, COUNT(*) AS row_count
FROM ${rangesOf(append)} AS ranges
JOIN ${RAW_EVENTS.name} AS stored
  ON stored.log_partition = ranges.log_partition
  AND stored.log_offset >= ranges.from_offset
  AND stored.log_offset < ranges.next_offset
WHERE ${happenedWithin(append, 'stored.occurred_at')}
GROUP BY ranges.log_partition
ORDER BY log_partition`;
}

/** Where ingest goes on in each partition, as text: offsets of 64 bits are not all numbers. */
export function selectOffsets(): string {
  return `SELECT log_partition, CAST(next_offset AS STRING) AS next_offset FROM ${INGEST_OFFSETS.name} ORDER BY log_partition`;
}

function insertNewRows(append: Append): string {
  const names = RAW_EVENTS.columns.map(({ name }) => name);
  return `-- Keeps the first of each event id. Only the days on which the staged events happened are searched for it.
INSERT INTO ${RAW_EVENTS.name} (${names.join(', ')})
SELECT ${names.map((name) => `staged.${name}`).join(', ')}
FROM ${table(append.staging)} AS staged
JOIN ${INGEST_OFFSETS.name} AS stored
  ON stored.log_partition = staged.log_partition
  AND staged.log_offset >= stored.next_offset
LEFT JOIN (
  SELECT event_id FROM ${RAW_EVENTS.name} WHERE ${happenedWithin(append, 'occurred_at')}
) AS known ON known.event_id = staged.event_id
WHERE known.event_id IS NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY staged.event_id ORDER BY staged.log_partition, staged.log_offset) = 1`;
}

function moveOffsets(append: Append): string {
  return `-- What was staged above the stored offset and did not become a row came twice.
UPDATE ${INGEST_OFFSETS.name} AS stored
SET
  next_offset = moved.next_offset,
  duplicate_count = stored.duplicate_count + moved.staged_count - moved.added_count
FROM (
  SELECT
    ranges.log_partition AS log_partition,
    ranges.next_offset AS next_offset,
    COALESCE(staged.row_count, 0) AS staged_count,
    COALESCE(added.row_count, 0) AS added_count
  FROM ${rangesOf(append)} AS ranges
  JOIN ${INGEST_OFFSETS.name} AS old
    ON old.log_partition = ranges.log_partition
    AND old.next_offset < ranges.next_offset
  LEFT JOIN (
    SELECT events.log_partition AS log_partition, COUNT(*) AS row_count
    FROM ${table(append.staging)} AS events
    JOIN ${INGEST_OFFSETS.name} AS before
      ON before.log_partition = events.log_partition
      AND events.log_offset >= before.next_offset
    GROUP BY events.log_partition
  ) AS staged ON staged.log_partition = ranges.log_partition
  LEFT JOIN (
    SELECT events.log_partition AS log_partition, COUNT(*) AS row_count
    FROM ${RAW_EVENTS.name} AS events
    JOIN ${INGEST_OFFSETS.name} AS before
      ON before.log_partition = events.log_partition
      AND events.log_offset >= before.next_offset
    WHERE ${happenedWithin(append, 'events.occurred_at')}
    GROUP BY events.log_partition
  ) AS added ON added.log_partition = ranges.log_partition
) AS moved
WHERE stored.log_partition = moved.log_partition`;
}

function rangesOf({ ranges }: Append): string {
  const rows = ranges.map(({ partition, from, to }) => `(${whole(partition)}, ${from}, ${to})`);
  return `UNNEST(ARRAY<STRUCT<log_partition INT64, from_offset INT64, next_offset INT64>>[${rows.join(', ')}])`;
}

/** Literals, because only what is known before the query runs keeps BigQuery from reading the other days. */
function happenedWithin({ spans }: Append, time: string): string {
  if (spans.length === 0) return 'FALSE';
  const parts = spans.map(
    ({ earliestMs, latestMs }) => `${time} BETWEEN ${timestamp(earliestMs)} AND ${timestamp(latestMs)}`,
  );
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' OR ')})`;
}

const timestamp = (ms: number): string =>
  `TIMESTAMP '${new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00')}'`;
const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const table = (name: string): string => `\`${name}\``;

function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a partition is a whole number, got ${value}`);
  return String(value);
}
