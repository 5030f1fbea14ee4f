import { optional, required, type ResultColumn, type ResultTable } from './result-table.ts';

const EXPERIMENT: readonly ResultColumn[] = [
  required('experiment_key', 'text', 'The experiment'),
  required('epoch', 'integer', 'Its run, from 1; epochs are never pooled'),
];

const JUDGED: readonly ResultColumn[] = [
  required('as_of', 'time', 'When the scorecard was computed, in UTC'),
  required('as_of_date', 'date', 'The UTC day of as_of'),
];

const RESULTS: readonly ResultColumn[] = [
  ...EXPERIMENT,
  required('metric_key', 'text', 'The metric'),
  required('role', 'text', 'primary, secondary or guardrail'),
  required('variant', 'text', 'The variant that is compared with control'),
  required('control_variant', 'text', 'The variant that it is compared with'),
  ...JUDGED,
  required('verdict', 'text', 'ship, do-not-ship, keep-running, inconclusive or invalid, for the whole experiment'),
  required('is_valid', 'boolean', 'Whether the data can be trusted; where it is false every effect is NULL'),
  optional('no_effect_reason', 'text', 'Why this row has no effect; NULL where it has one'),
  optional('control_units', 'integer', 'Units of control whose window has closed'),
  optional('variant_units', 'integer', 'Units of the variant whose window has closed'),
  optional('control_mean', 'number', 'Mean per unit of control, adjusted by the covariate where there is one'),
  optional('variant_mean', 'number', 'Mean per unit of the variant, adjusted likewise'),
  optional('value_unit', 'text', 'The unit of the means and of the absolute effect'),
  optional('absolute_effect', 'number', 'Variant minus control'),
  optional('absolute_lower', 'number', 'Lower end of its interval, which holds however often one looks'),
  optional('absolute_upper', 'number', 'Upper end of its interval'),
  optional(
    'relative_effect',
    'number',
    'Variant over control minus 1, as a ratio: 0.02 is 2 %; NULL where control is near 0',
  ),
  optional('relative_lower', 'number', 'Lower end of its interval'),
  optional('relative_upper', 'number', 'Upper end of its interval'),
  optional('p_value', 'number', 'For no effect; holds however often one looks'),
  optional('good_direction', 'text', 'increase or decrease: which change is good'),
  optional('variance_removed_ratio', 'number', 'Share of the variance that the covariate removed; NULL without one'),
  optional('method', 'text', 'How the interval was made'),
];

const RESULT_KEY = ['experiment_key', 'epoch', 'metric_key', 'role', 'variant'];

export const EXPERIMENT_RESULTS: ResultTable = {
  name: 'experiment_results',
  grain: 'One row per experiment, epoch, metric, role and variant: the newest effect, or why there is none',
  key: RESULT_KEY,
  partitionedBy: 'as_of_date',
  clusteredBy: ['experiment_key', 'metric_key'],
  columns: RESULTS,
};

export const EXPERIMENT_RESULTS_HISTORY: ResultTable = {
  ...EXPERIMENT_RESULTS,
  name: 'experiment_results_history',
  grain: 'One row per row of experiment_results and UTC day: what was known at the last look of that day',
  key: [...RESULT_KEY, 'as_of_date'],
};

export const EXPERIMENT_DECISIONS: ResultTable = {
  name: 'experiment_decisions',
  grain: 'One row per experiment, epoch and UTC day: the verdict at the last look of that day',
  key: ['experiment_key', 'epoch', 'as_of_date'],
  partitionedBy: 'as_of_date',
  clusteredBy: ['experiment_key'],
  columns: [
    ...EXPERIMENT,
    ...JUDGED,
    required('verdict', 'text', 'ship, do-not-ship, keep-running, inconclusive or invalid'),
    required('summary', 'text', 'The verdict in a sentence, with its reason'),
    optional('winning_variant', 'text', 'The variant that ship means; NULL for every other verdict'),
    required('exposed_units', 'integer', 'Units exposed by a random split'),
    optional('split_p_value', 'number', 'Of the test whether the split is as defined; below 0.0005 it is not'),
    required('crossed_units', 'integer', 'Units that met several variants; analysed by their first'),
    required('not_random_exposures', 'integer', 'Exposures that no random split made; left out'),
  ],
};

export const EXPOSURES_DAILY: ResultTable = {
  name: 'exposures_daily',
  grain: 'One row per UTC day, experiment, epoch, variant and reason; a late exposure restates its day',
  key: ['exposure_date', 'experiment_key', 'epoch', 'variant', 'reason'],
  partitionedBy: 'exposure_date',
  clusteredBy: ['experiment_key'],
  columns: [
    required('exposure_date', 'date', 'The UTC day on which it happened'),
    ...EXPERIMENT,
    required('variant', 'text', 'The variant that was met; empty where the event names none'),
    required('reason', 'text', 'Why it was served, such as REASON_SPLIT; only those are evidence'),
    required('exposures', 'integer', 'Exposure events, each id once'),
    required('units', 'integer', 'Different units among them, on this day'),
  ],
};

export const DEAD_LETTERS: ResultTable = {
  name: 'dead_letters',
  grain: 'One row per event that was refused, with the reason; the event itself stays in the bus',
  key: ['dead_letter_id'],
  partitionedBy: 'received_at',
  clusteredBy: ['event_type'],
  columns: [
    required('dead_letter_id', 'integer', 'Its number in the bus, growing'),
    required('received_at', 'time', 'When it came, in UTC'),
    required('reason', 'text', 'Why it was refused'),
    optional('event_type', 'text', 'What it says it is'),
    optional('event_id', 'text', 'Its id, where one could be read'),
    optional('service_name', 'text', 'Who published it, where that could be read'),
  ],
};

/** Where `exposures_daily` stands; for nobody else. */
export const EXPOSURES_DAILY_OFFSETS: ResultTable = {
  name: 'exposures_daily_offsets',
  grain: 'One row per partition of the event log: which events exposures_daily has counted',
  key: ['log_partition'],
  partitionedBy: 'refreshed_at',
  clusteredBy: ['log_partition'],
  columns: [
    required('log_partition', 'integer', 'The partition'),
    required('next_offset', 'integer', 'The first offset that is not counted yet'),
    required('refreshed_at', 'time', 'When it was counted'),
  ],
};

/** Every table that readers may rely on. */
export const RESULT_TABLES: readonly ResultTable[] = [
  EXPERIMENT_RESULTS,
  EXPERIMENT_RESULTS_HISTORY,
  EXPERIMENT_DECISIONS,
  EXPOSURES_DAILY,
  DEAD_LETTERS,
];
