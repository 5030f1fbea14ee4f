import type { MetricDefinition } from '../../definitions/metric.ts';
import type { Row, Statement } from '../../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from '../dialect.ts';
import { unitOutcomes } from '../intermediate/unit-outcomes.ts';
import { outcomeParameters, stagingOutcomes } from '../staging/outcomes.ts';
import { SUM_COLUMNS } from '../sums.ts';
import { askedParameter, askedStatistics, missingDays, type AskedStatistic } from './asked.ts';
import { dayMetrics, daySums, unitCounts } from './day-sums.ts';
import { dayUnits, type DayPlan } from './day-units.ts';
import { carriedColumns, groupParameters, metOutcomes, unitTotals } from './unit-totals.ts';
import { groupMetrics } from './event-groups.ts';
import { TAKEN_COPIES } from './new-copies.ts';
import { TAKEN_LINKS } from './new-links.ts';
import { DAY_MS } from './positions.ts';

/** The days of a metric that have to be computed, and over which time they read events, in ms since 1970 UTC. */
export interface MissingRow extends Row {
  readonly metric: number;
  readonly days: number;
  readonly from_ms: number;
  readonly until_ms: number;
}

export function missingDaysQuery(dialect: Dialect, asked: readonly AskedStatistic[]): TypedStatement<MissingRow> {
  const sql = `
SELECT
  metric,
  COUNT(*) AS days,
  MIN(day_ms - covariate_ms) AS from_ms,
  MAX(LEAST(day_ms + ${DAY_MS} + window_ms, as_of_ms)) AS until_ms
FROM missing_days
GROUP BY metric
ORDER BY metric`;
  return compose(missingDays(dialect), sql, { asked: askedParameter(asked) });
}

/** A row of `daily_statistics`. */
export interface DailyRow extends Row {
  readonly experiment_key: string;
  readonly statistic: string;
  readonly attribute: string;
  readonly value: string;
  readonly variant: string;
  readonly day_ms: number;
  readonly units: number;
}

export interface DaysQuestion {
  readonly asked: readonly AskedStatistic[];
  /** The metrics that `asked` refers to by their place. */
  readonly metrics: readonly MetricDefinition[];
  readonly unitType: string;
  /** The time over which the missing days read events, in ms since 1970 UTC. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const KEPT = [
  'experiment_key',
  'epoch',
  'exposure_date',
  'day_ms',
  'metric_key',
  'statistic',
  'attribute',
  'value',
  'variant',
  'window_ms',
  'covariate_ms',
  'as_of_ms',
] as const;
const SUMS = SUM_COLUMNS.filter((column) => column !== 'units');

/** The statistics of all missing days of all questions, in one pass over the events. */
export function dailyStatisticsQuery(dialect: Dialect, question: DaysQuestion): TypedStatement<DailyRow> {
  const { asked, metrics, unitType } = question;
  const plan = planOf(question);
  const p = dialect.parameter;
  const models: Model[] = [
    ...missingDays(dialect),
    dayUnits(dialect, plan),
    TAKEN_LINKS,
    ...stagingOutcomes(dialect, metrics, unitType, {
      span: { from: p('events_from'), until: p('events_until') },
      columns: carriedColumns(dialect, plan),
      copies: TAKEN_COPIES,
    }),
    unitOutcomes(unitType),
    ...(plan.asksAll ? [] : [askedGroups(plan)]),
    ...metOutcomes(dialect, plan),
    unitTotals(dialect, plan),
    daySums(dialect, plan),
    unitCounts(plan),
    dayMetrics(dialect, plan),
  ];
  const fromFound = new Set(['value', 'variant']);
  const kept = KEPT.map((column) => {
    if (column === 'as_of_ms') return 'missing.kept_as_of_ms AS as_of_ms';
    return fromFound.has(column) ? `COALESCE(found.${column}, '') AS ${column}` : `missing.${column}`;
  });
  const sql = `
SELECT
  ${kept.join(',\n  ')},
  COALESCE(found.units, 0) AS units,
  ${SUMS.map((sum) => `found.${sum}`).join(', ')}
FROM missing_days AS missing
LEFT JOIN day_metrics AS found
  ON found.question = missing.question
  AND found.metric = missing.metric
  AND found.attribute = missing.attribute
  AND found.day_ms = missing.day_ms
  AND found.units > 0`;
  const parameters = {
    asked: askedParameter(asked),
    ...outcomeParameters(metrics),
    ...groupParameters(plan),
    events_from: new Date(question.fromMs),
    events_until: new Date(question.untilMs),
  };
  const composed = compose<DailyRow>(models, sql, parameters);
  return { ...composed, parameters: namedIn(dialect, composed.sql, parameters) };
}

/** Metrics that add the same up are read once: the parameters of the others have no place, and no engine takes one without. */
function namedIn(dialect: Dialect, sql: string, parameters: Statement['parameters']): Statement['parameters'] {
  const names = new Set(sql.match(/[$@]\w+/g));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.has(dialect.parameter(name))));
}

/** Keeps them. Statistics as of another time, of days whose windows have not all closed, are forgotten. */
export function keepDailyStatistics(dialect: Dialect, question: DaysQuestion): readonly Statement[] {
  const { sql, parameters } = dailyStatisticsQuery(dialect, question);
  const asked = askedParameter(question.asked);
  return [
    {
      sql: `DELETE FROM daily_statistics
WHERE as_of_ms <> 0
  AND EXISTS (
    SELECT 1
    FROM (${askedStatistics(dialect).sql.replace(/^\n--.*\n/, '')}) AS asked
    WHERE asked.experiment_key = daily_statistics.experiment_key
      AND asked.epoch = daily_statistics.epoch
      AND asked.as_of_ms <> daily_statistics.as_of_ms
  )`,
      parameters: { asked },
    },
    { sql: `INSERT INTO daily_statistics (${[...KEPT, ...SUM_COLUMNS].join(', ')})\n${sql}`, parameters },
  ];
}

/** What is kept of a statistic (by its place in the list) in a variant and segment value, added up over the days. */
export interface KeptRow extends Row {
  readonly place: number;
  readonly value: string;
  readonly variant: string;
  /** Days that are there twice: none, or the numbers are wrong. */
  readonly doubled: number;
  readonly units: number;
  readonly sum_y: number;
  readonly sum_yy: number;
  readonly sum_x: number;
  readonly sum_xx: number;
  readonly sum_xy: number;
  readonly sum_d: number | null;
  readonly sum_dd: number | null;
  readonly sum_yd: number | null;
  readonly sum_xd: number | null;
}

export function keptStatisticsQuery(dialect: Dialect, asked: readonly AskedStatistic[]): TypedStatement<KeptRow> {
  const sql = `
SELECT
  asked.place, kept.value, kept.variant,
  COUNT(*) - COUNT(DISTINCT kept.day_ms) AS doubled,
  ${SUM_COLUMNS.map((column) => `SUM(kept.${column}) AS ${column}`).join(', ')}
FROM daily_statistics AS kept
INNER JOIN asked
  ON asked.experiment_key = kept.experiment_key
  AND asked.epoch = kept.epoch
  AND asked.statistic = kept.statistic
  AND asked.attribute = kept.attribute
WHERE kept.units > 0
  AND (
    (kept.as_of_ms = 0 AND kept.day_ms + ${DAY_MS} + kept.window_ms <= asked.as_of_ms)
    OR (kept.as_of_ms = asked.as_of_ms AND kept.day_ms + ${DAY_MS} + kept.window_ms > asked.as_of_ms)
  )
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3`;
  return compose([askedStatistics(dialect)], sql, { asked: askedParameter(asked) });
}

function planOf({ asked, metrics }: DaysQuestion): DayPlan {
  const attributes = [...new Set(asked.map(({ attribute }) => attribute))].filter((attribute) => attribute !== '');
  const questions = new Set(asked.map(({ question }) => question));
  const places = groupMetrics(metrics);
  const groups = new Set(places.map(({ group }) => group));
  const pairs = new Set(asked.map(({ question, metric }) => `${question}/${places[metric]?.group ?? -1}`));
  return {
    metrics,
    places,
    attributes,
    asksAll: pairs.size === questions.size * groups.size,
    readsFirst: questions.size > 1,
  };
}

/** Which groups of events each question is about. */
function askedGroups({ places }: DayPlan): Model {
  const group = `CASE metric ${places.map((place) => `WHEN ${place.metric} THEN ${place.group}`).join(' ')} END`;
  return {
    name: 'asked_groups',
    sql: `
-- One row per question and group of events that it asks for: question, event_group.
SELECT DISTINCT question, ${group} AS event_group FROM missing_days`,
  };
}
