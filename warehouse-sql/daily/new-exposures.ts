import type { Statement } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';
import {
  isAtPositions,
  isOnDays,
  positionRows,
  positionsParameter,
  type DayRange,
  type Positions,
} from './positions.ts';

/** New exposures, and the days on which they happened. */
export interface NewExposures {
  readonly positions: readonly Positions[];
  readonly days: readonly DayRange[];
}

/** More partitions than a log has: a day and a partition are one number. */
const PARTITIONS = 2 ** 20;
/** Also of a day before 1970. */
const PARTITION = `MOD(MOD(fresh.left_out_key, ${PARTITIONS}) + ${PARTITIONS}, ${PARTITIONS})`;
const KEYS = ['experiment_key', 'epoch', 'unit_id'] as const;
const ORDER = ['first_exposed_at', 'log_partition', 'log_offset'] as const;

/** Reads new exposures once for all statements that follow: into a temporary table, which comes before the transaction. */
export function readNewExposures(dialect: Dialect, exposures: NewExposures): Statement {
  const { sql, parameters } = newExposuresQuery(dialect, exposures);
  return { sql: `CREATE OR REPLACE TEMP TABLE new_exposures AS\n${sql}`, parameters };
}

/** New exposures out of their JSON. What is no evidence is counted by day and partition. */
export function newExposuresQuery(dialect: Dialect, { positions, days }: NewExposures): Statement {
  const onDays = isOnDays(dialect, 'event.occurred_at', days, 'day');
  const isNew = isAtPositions(dialect, positions);
  const text = (property: string): string => dialect.parsedText('parsed', 'properties', property);
  const keys = ['experiment_key', 'epoch', 'unit_id', 'variant', 'left_out_key'];
  return {
    sql: `-- One row per unit and variant of the new exposures by a random split: its first one. Of the others one row per unit, variant, day and
-- partition of the log, both in left_out_key, which is NULL else. exposures: how many.
SELECT
  ${keys.join(', ')},
  COUNT(*) AS exposures,
  MIN(occurred_at) AS first_exposed_at,
  MIN(place_key) AS place_key,
  ${dialect.firstBy('segments', 'place_key')} AS segments
FROM (
  SELECT
    *,
    CASE WHEN NOT is_random THEN ${dialect.dayMs('occurred_at')} * ${PARTITIONS} + log_partition END AS left_out_key
  FROM (
    SELECT
      experiment_key, epoch, variant, occurred_at, log_partition, place_key,
      ${text('unit_id')} AS unit_id,
      COALESCE(${text('reason')}, '') = 'REASON_SPLIT' AS is_random,
      ${dialect.parsedWritten('parsed', 'properties', 'segments')} AS segments
    FROM (
      SELECT
        event.experiment_key, event.epoch, event.variant, event.occurred_at, event.log_partition, event.properties,
        ${dialect.placeKey('event.occurred_at', 'event.log_partition', 'event.log_offset')} AS place_key,
        ${dialect.parsedJson('event.properties', { texts: ['unit_id', 'reason'], written: ['segments'] })} AS parsed
      FROM raw_events AS event
      WHERE event.event_type = 'exposure'
        AND event.experiment_key IS NOT NULL
        AND event.epoch IS NOT NULL
        AND ${isNew.sql}
        AND ${onDays.sql}
    ) AS exposure
  ) AS read_exposure
) AS placed_exposure
GROUP BY ${keys.join(', ')}`,
    parameters: { ...onDays.parameters, ...isNew.parameters },
  };
}

/**
 * Takes new exposures into `unit_exposures`, and restates what they change. A unit's row ends up the same in whatever order, how late and
 * how often its exposures came. The statements belong into one transaction, behind `readNewExposures`.
 *
 * @param isFirst nothing was taken in before, so there is nothing to restate
 */
export function takeExposures(
  dialect: Dialect,
  positions: readonly Positions[],
  isFirst: boolean,
): readonly Statement[] {
  const statement = (sql: string): Statement => ({ sql, parameters: {} });
  const units = newUnits(dialect);
  const changes = isFirst
    ? [insertInto('unit_exposures', `${units} AS fresh`)]
    : [
        'DELETE FROM unit_changes WHERE TRUE',
        findChanges(units),
        deleteTouched(dialect),
        updateUnits(),
        insertInto('unit_exposures', 'unit_changes AS fresh WHERE fresh.is_new'),
        'DELETE FROM unit_changes WHERE TRUE',
      ];
  return [...changes.map(statement), ...takeLeftOut(dialect, positions)];
}

/** One row per unit of the new exposures, as `unit_exposures` has it, in parentheses. */
export function newUnits(dialect: Dialect): string {
  const first = (column: string): string => `${dialect.firstBy(column, 'place_key')} AS ${column}`;
  return `(
  SELECT
    experiment_key, epoch, unit_id, variant, segments, first_exposed_at, crossed_at,
    ${dialect.placePartition('place_key')} AS log_partition,
    ${dialect.placeOffset('place_key')} AS log_offset
  FROM (
    SELECT
      experiment_key, epoch, unit_id,
      MIN(place_key) AS place_key,
      MIN(first_exposed_at) AS first_exposed_at,
      ${dialect.secondLeast('first_exposed_at')} AS crossed_at,
      ${first('variant')},
      ${first('segments')}
    FROM new_exposures
    WHERE left_out_key IS NULL AND unit_id IS NOT NULL AND variant IS NOT NULL
    GROUP BY experiment_key, epoch, unit_id
  ) AS by_unit
)`;
}

const COLUMNS = [...KEYS, 'variant', ...ORDER, 'segments', 'crossed_at'] as const;
const SAME_UNIT = KEYS.map((key) => `known.${key} = fresh.${key}`).join(' AND ');

/** Whether the new exposure comes before the one that is known, by time and then by its place in the log. */
const IS_EARLIER = `(
    fresh.first_exposed_at < known.first_exposed_at
    OR (fresh.first_exposed_at = known.first_exposed_at AND fresh.log_partition < known.log_partition)
    OR (fresh.first_exposed_at = known.first_exposed_at AND fresh.log_partition = known.log_partition
      AND fresh.log_offset < known.log_offset)
  )`;

/**
 * When the unit met another variant than that of its first exposure, of both together: `crossed_at` of each side is about its own first
 * variant.
 */
const CROSSED_AT = `CASE
    WHEN known.unit_id IS NULL THEN fresh.crossed_at
    WHEN fresh.variant = known.variant
      THEN COALESCE(LEAST(fresh.crossed_at, known.crossed_at), fresh.crossed_at, known.crossed_at)
    WHEN ${IS_EARLIER} THEN COALESCE(LEAST(known.first_exposed_at, fresh.crossed_at), known.first_exposed_at)
    ELSE COALESCE(LEAST(fresh.first_exposed_at, known.crossed_at), fresh.first_exposed_at)
  END`;

/** Rows of units that are new, or that change: how they will be, and since when they were known. */
function findChanges(units: string): string {
  const taken = ['variant', 'segments', ...ORDER].map(
    (column) =>
      `CASE WHEN known.unit_id IS NULL OR ${IS_EARLIER} THEN fresh.${column} ELSE known.${column} END AS ${column}`,
  );
  return `INSERT INTO unit_changes (${[...KEYS, 'variant', 'segments', ...ORDER, 'crossed_at', 'is_new', 'known_since'].join(', ')})
SELECT
  ${KEYS.map((key) => `fresh.${key}`).join(', ')},
  ${taken.join(',\n  ')},
  ${CROSSED_AT} AS crossed_at,
  known.unit_id IS NULL AS is_new,
  known.first_exposed_at AS known_since
FROM ${units} AS fresh
LEFT JOIN unit_exposures AS known ON ${SAME_UNIT}
WHERE known.unit_id IS NULL OR ${IS_EARLIER} OR fresh.variant <> known.variant OR fresh.crossed_at IS NOT NULL`;
}

function updateUnits(): string {
  const taken = ['variant', 'segments', ...ORDER, 'crossed_at'].map((column) => `${column} = fresh.${column}`);
  return `UPDATE unit_exposures AS known
SET ${taken.join(', ')}
FROM unit_changes AS fresh
WHERE NOT fresh.is_new AND ${SAME_UNIT}`;
}

function insertInto(table: string, from: string): string {
  return `INSERT INTO ${table} (${COLUMNS.join(', ')})
SELECT ${COLUMNS.map((column) => `fresh.${column}`).join(', ')}
FROM ${from}`;
}

/** The statistics of days on which units begin now, or began until now. */
function deleteTouched(dialect: Dialect): string {
  const day = (time: string): string => `SELECT experiment_key, epoch, ${dialect.dayMs(time)} AS day_ms
    FROM unit_changes
    WHERE is_new OR first_exposed_at <> known_since`;
  return `DELETE FROM daily_statistics
WHERE EXISTS (
  SELECT 1
  FROM (
    ${day('first_exposed_at')}
    UNION DISTINCT
    ${day('known_since')}
  ) AS touched
  WHERE touched.experiment_key = daily_statistics.experiment_key
    AND touched.epoch = daily_statistics.epoch
    AND touched.day_ms = daily_statistics.day_ms
)`;
}

/** Counts the new exposures that are no evidence, in place of what was counted from the same place in the log on. */
function takeLeftOut(dialect: Dialect, positions: readonly Positions[]): readonly Statement[] {
  const parameters = { positions: positionsParameter(positions) };
  return [
    {
      sql: `DELETE FROM left_out_exposures
WHERE EXISTS (
  SELECT 1
  FROM ${positionRows(dialect)} AS position
  WHERE position.log_partition = left_out_exposures.log_partition
    AND left_out_exposures.from_offset >= position.from_offset
)`,
      parameters,
    },
    {
      sql: `INSERT INTO left_out_exposures (experiment_key, epoch, exposure_date, day_ms, log_partition, from_offset, exposures)
SELECT
  fresh.experiment_key, fresh.epoch, CAST(fresh.first_exposed_at AS DATE), ${dialect.dayMs('fresh.first_exposed_at')},
  ${PARTITION}, position.from_offset, SUM(fresh.exposures)
FROM new_exposures AS fresh
INNER JOIN ${positionRows(dialect)} AS position ON position.log_partition = ${PARTITION}
WHERE fresh.left_out_key IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6`,
      parameters,
    },
  ];
}
