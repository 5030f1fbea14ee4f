import type { Dialect } from '../dialect.ts';
import { createTable, optional, required, type ResultColumn, type ResultTable } from '../results/result-table.ts';
import { SUM_COLUMNS } from '../sums.ts';

export const UNIT_EXPOSURES: ResultTable = {
  name: 'unit_exposures',
  grain: 'One row per unit of an epoch of an experiment: its first exposure by a random split.',
  key: ['experiment_key', 'epoch', 'unit_id'],
  partitionedBy: 'first_exposed_at',
  clusteredBy: ['experiment_key', 'unit_id'],
  columns: [
    required('experiment_key', 'text', 'The experiment'),
    required('epoch', 'integer', 'Its epoch; epochs are never pooled'),
    required('unit_id', 'text', 'The unit'),
    required('variant', 'text', 'The variant of the first exposure, by which the unit is analysed'),
    required('first_exposed_at', 'time', 'When it was exposed first, UTC'),
    required(
      'log_partition',
      'integer',
      'Where that exposure is in the event log: the first in the log where several are of one moment',
    ),
    required('log_offset', 'integer', 'The place within the partition'),
    optional('segments', 'text', 'The segments of the first exposure, a JSON object'),
    optional('crossed_at', 'time', 'When it was first exposed to another variant, UTC; NULL where it never was'),
  ],
};

/** Filled and emptied within one transaction. */
export const UNIT_CHANGES: ResultTable = {
  ...UNIT_EXPOSURES,
  name: 'unit_changes',
  grain: 'Empty, except within a transaction: the units that new exposures add or change.',
  columns: [
    ...UNIT_EXPOSURES.columns,
    required('is_new', 'boolean', 'Whether the unit was not known'),
    optional('known_since', 'time', 'When it was first exposed as far as was known, UTC'),
  ],
};

export const LEFT_OUT_EXPOSURES: ResultTable = {
  name: 'left_out_exposures',
  grain:
    'One row per epoch of an experiment, UTC day and stretch of the event log: the exposures that are no evidence.',
  key: ['experiment_key', 'epoch', 'exposure_date', 'log_partition', 'from_offset'],
  partitionedBy: 'exposure_date',
  clusteredBy: ['experiment_key'],
  columns: [
    required('experiment_key', 'text', 'The experiment'),
    required('epoch', 'integer', 'Its epoch'),
    required('exposure_date', 'date', 'The UTC day of the exposures'),
    required('day_ms', 'integer', 'The start of that day in ms since 1970 UTC'),
    required('log_partition', 'integer', 'The partition of the event log that they came from'),
    required('from_offset', 'integer', 'Where the stretch of the partition begins in which they were'),
    required('exposures', 'integer', 'Exposures of that day whose reason is not a random split'),
  ],
};

export const COPIED_EVENTS: ResultTable = {
  name: 'copied_events',
  grain: 'One row per outcome that is a copy: its id came before it in the log.',
  key: ['log_partition', 'log_offset'],
  partitionedBy: 'occurred_at',
  clusteredBy: ['log_partition'],
  columns: [
    required('log_partition', 'integer', 'Where it is in the event log: the partition'),
    required('log_offset', 'integer', 'The place within the partition'),
    required('occurred_at', 'time', 'When it happened, UTC'),
  ],
};

export const LINKED_USERS: ResultTable = {
  name: 'linked_users',
  grain: 'One row per user that is hashed by a device.',
  key: ['user_id'],
  partitionedBy: 'linked_at',
  clusteredBy: ['user_id'],
  columns: [
    required('user_id', 'text', 'The user'),
    required('device_id', 'text', 'The device that the user is hashed by'),
    required('linked_at', 'time', 'When the link was written, UTC'),
  ],
};

const sums: readonly ResultColumn[] = SUM_COLUMNS.map((name) =>
  name === 'units'
    ? required(name, 'integer', 'Units whose window has closed')
    : optional(name, 'number', 'Sum over those units: y the metric, x its covariate, d the denominator of a quotient'),
);

export const DAILY_STATISTICS: ResultTable = {
  name: 'daily_statistics',
  grain:
    'Sufficient statistics of the units that were first exposed on one UTC day, per metric, segment and variant. They add up over days. ' +
    'A day without any unit in a segment has one row with an empty variant and no units.',
  key: ['experiment_key', 'epoch', 'statistic', 'attribute', 'value', 'day_ms', 'as_of_ms', 'variant'],
  partitionedBy: 'exposure_date',
  clusteredBy: ['experiment_key', 'statistic'],
  columns: [
    required('experiment_key', 'text', 'The experiment'),
    required('epoch', 'integer', 'Its epoch'),
    required('exposure_date', 'date', 'The UTC day of the first exposures'),
    required('day_ms', 'integer', 'The start of that day in ms since 1970 UTC'),
    required('metric_key', 'text', 'The metric'),
    required('statistic', 'text', 'A digest of the definition of the metric: rows of another definition are not read'),
    required('attribute', 'text', 'The segment attribute; empty for all units'),
    required('value', 'text', 'Its value; empty for all units'),
    required('variant', 'text', 'The variant'),
    required('window_ms', 'integer', 'Window of the metric in ms'),
    required('covariate_ms', 'integer', 'How far its covariate reads back, in ms'),
    required(
      'as_of_ms',
      'integer',
      '0: the windows of the whole day have closed; else only those that had closed by then, in ms since 1970 UTC',
    ),
    ...sums,
  ],
};

export const STATISTICS_OFFSETS: ResultTable = {
  name: 'statistics_offsets',
  grain: 'One row per partition of the event log: up to where its events are in the statistics by day.',
  key: ['log_partition'],
  partitionedBy: 'refreshed_at',
  clusteredBy: ['log_partition'],
  columns: [
    required('log_partition', 'integer', 'The partition'),
    required('next_offset', 'integer', 'The first offset that is not in the statistics'),
    required('refreshed_at', 'time', 'When that was written, UTC'),
  ],
};

/** Where statistics by day are kept. */
export const DAILY_TABLES: readonly ResultTable[] = [
  UNIT_EXPOSURES,
  UNIT_CHANGES,
  LEFT_OUT_EXPOSURES,
  COPIED_EVENTS,
  LINKED_USERS,
  DAILY_STATISTICS,
  STATISTICS_OFFSETS,
];

/**
 * Makes the tables that are missing. Of two transactions that only insert BigQuery aborts none: every change updates the one row of
 * `statistics_turn` first, so that two at the same time conflict.
 */
export function createDailyTables(dialect: Dialect): readonly string[] {
  return [
    ...DAILY_TABLES.flatMap((table) => createTable(dialect, table)),
    'CREATE TABLE IF NOT EXISTS statistics_turn AS SELECT 0 AS turn',
  ];
}

export const TAKE_TURN = 'UPDATE statistics_turn SET turn = turn + 1 WHERE TRUE';
