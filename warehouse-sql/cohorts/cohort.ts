import type { MetricDefinition } from '../../definitions/metric.ts';
import type { Row, Statement, StatementParameter } from '../../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from '../dialect.ts';
import { featureColumn, featuresAsOf } from '../features/as-of.ts';
import type { FeatureDefinition } from '../../definitions/features.ts';
import { firstCopies } from '../first-copies.ts';
import { outcomeParameters, outcomeReads } from '../staging/outcomes.ts';

/** A target trial that is emulated with the events of a warehouse. */
export interface CohortQuestion {
  /** The event that makes a unit eligible; its first one is time zero. */
  readonly populationEvent: string;
  /** Eligible events of [fromMs, untilMs) count. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly treatmentEvent: string;
  /** A unit is treated where the treatment event follows time zero within this. */
  readonly withinMs: number;
  /** What is counted from time zero on; its own window is not used. */
  readonly outcome: MetricDefinition;
  readonly outcomeWindowMs: number;
  readonly features: readonly FeatureDefinition[];
  /** Other metrics over the same window that the treatment cannot have changed. */
  readonly negativeControls: readonly MetricDefinition[];
  /** The outcome over the same length of time before time zero, too. */
  readonly hasPriorOutcome: boolean;
  /** What is known until then is read, and nothing later. */
  readonly asOfMs: number;
}

/** How long before time zero events are looked at. */
const LOOKBACK_MS = 180 * 86_400_000;

/**
 * Writes the cohort into a table of its own, once: a later attempt finds the table and changes nothing, so that an answer is of one state of the
 * warehouse. One row per unit: unit_id, treated, is_complete, outcome, prior_outcome, c_0, … (negative controls) and f_0, … (features).
 */
export function makeCohort(dialect: Dialect, table: string, question: CohortQuestion): Statement {
  const { models, parameters, columns } = cohortModels(dialect, question);
  const select = `SELECT ${columns.join(', ')} FROM trial_outcomes AS trial
INNER JOIN unit_features ON unit_features.unit_id = trial.unit_id`;
  const { sql } = compose(models, select, {});
  return { sql: `CREATE TABLE IF NOT EXISTS ${table} AS\n${sql}`, parameters };
}

function cohortModels(dialect: Dialect, question: CohortQuestion) {
  const { outcome, negativeControls, features, hasPriorOutcome } = question;
  const metrics = [outcome, ...negativeControls];
  const at = dialect.parameter;
  const types = ['population_event', 'treatment_event'].map(at);
  const parameters: Record<string, StatementParameter> = {
    population_event: question.populationEvent,
    treatment_event: question.treatmentEvent,
    from_time: new Date(question.fromMs),
    until_time: new Date(question.untilMs),
    first_read: new Date(question.fromMs - LOOKBACK_MS),
    as_of: new Date(question.asOfMs),
    ...outcomeParameters(metrics),
  };
  const models = [
    ...firstCopies(dialect, {
      name: 'trial_events',
      comment: '-- One row per event of a user, the first in the log where an event id came twice.',
      columns: ['user_id AS unit_id', 'event_type', 'occurred_at', 'properties', 'log_partition', 'log_offset'],
      where: 'user_id IS NOT NULL',
      from: at('first_read'),
      until: at('as_of'),
    }),
    timeZero(dialect, types, question),
    ...featuresAsOf(dialect, features, 'time_zeros', 'stg_trial_events'),
    outcomes(dialect, metrics, question),
  ];
  const columns = [
    'trial.unit_id',
    'trial.treated',
    'trial.is_complete',
    ...metrics.map((_, index) => (index === 0 ? 'trial.y_0 AS outcome' : `trial.y_${index} AS c_${index - 1}`)),
    ...(hasPriorOutcome ? ['trial.prior_outcome'] : []),
    ...features.map((_, place) => `unit_features.${featureColumn(place)}`),
  ];
  return { models, parameters, columns };
}

function timeZero(
  dialect: Dialect,
  [population = '', treatment = '']: readonly string[],
  question: CohortQuestion,
): Model {
  const at = dialect.parameter;
  return {
    name: 'time_zeros',
    sql: `
-- One row per unit: unit_id, time_zero (its first eligible event), treated (1 where the treatment followed at once). Later treatments move nobody.
SELECT
  eligible.unit_id,
  eligible.occurred_at AS time_zero,
  MAX(CASE WHEN treatment.unit_id IS NULL THEN 0 ELSE 1 END) AS treated
FROM (
  SELECT unit_id, occurred_at,
    ROW_NUMBER() OVER (PARTITION BY unit_id ORDER BY occurred_at, log_partition, log_offset) AS place
  FROM stg_trial_events
  WHERE event_type = ${population} AND occurred_at >= ${at('from_time')} AND occurred_at < ${at('until_time')}
) AS eligible
LEFT JOIN stg_trial_events AS treatment
  ON treatment.unit_id = eligible.unit_id
  AND treatment.event_type = ${treatment}
  AND treatment.occurred_at >= eligible.occurred_at
  AND treatment.occurred_at < ${dialect.addMs('eligible.occurred_at', question.withinMs)}
WHERE eligible.place = 1
GROUP BY eligible.unit_id, eligible.occurred_at`,
  };
}

function outcomes(dialect: Dialect, metrics: readonly MetricDefinition[], question: CohortQuestion): Model {
  const { outcomeWindowMs: windowMs, hasPriorOutcome } = question;
  const reads = outcomeReads(dialect, metrics).filter(({ of }) => of === 'value');
  const after = `event.occurred_at >= trial.time_zero AND event.occurred_at < ${dialect.addMs('trial.time_zero', windowMs)}`;
  const before = `event.occurred_at < trial.time_zero AND event.occurred_at >= ${dialect.addMs('trial.time_zero', -windowMs)}`;
  const total = (metric: number, when: string): string => {
    const read = reads.find((each) => each.metric === metric);
    if (read === undefined) throw new RangeError(`a cohort cannot count metric ${metric}`);
    const value = `CASE WHEN ${when} AND ${read.when} THEN ${read.amount} END`;
    const { type } = metrics[metric] ?? { type: 'sum' as const };
    return dialect.toDouble(
      type === 'proportion' || type === 'retention'
        ? `COALESCE(MAX(CASE WHEN ${value} IS NULL THEN 0 ELSE 1 END), 0)`
        : `COALESCE(SUM(${value}), 0)`,
    );
  };
  const columns = metrics.map((_, index) => `${total(index, after)} AS y_${index}`);
  return {
    name: 'trial_outcomes',
    sql: `
-- One row per unit: unit_id, treated, is_complete (its window has closed), y_0 (outcome), y_1, … (negative controls), prior_outcome.
SELECT
  trial.unit_id, trial.treated,
  CASE WHEN ${dialect.addMs('trial.time_zero', windowMs)} <= ${dialect.parameter('as_of')} THEN 1 ELSE 0 END AS is_complete,
  ${[...columns, ...(hasPriorOutcome ? [`${total(0, before)} AS prior_outcome`] : [])].join(',\n  ')}
FROM time_zeros AS trial
LEFT JOIN stg_trial_events AS event
  ON event.unit_id = trial.unit_id
  AND event.occurred_at >= ${dialect.addMs('trial.time_zero', -windowMs)}
  AND event.occurred_at < ${dialect.addMs('trial.time_zero', windowMs)}
GROUP BY trial.unit_id, trial.treated, trial.time_zero`,
  };
}

export interface EventCountRow extends Row {
  readonly event_type: string;
  readonly events: number;
}

/** How often each event type happened, so that one that never did is told from one that is misspelt. */
export function eventTypesQuery(dialect: Dialect, fromMs: number, asOfMs: number): TypedStatement<EventCountRow> {
  const at = dialect.parameter;
  return {
    sql: `SELECT event_type, COUNT(*) AS events FROM raw_events WHERE occurred_at >= ${at('from_time')} AND occurred_at < ${at('as_of')} GROUP BY event_type ORDER BY event_type`,
    parameters: { from_time: new Date(fromMs), as_of: new Date(asOfMs) },
  };
}
