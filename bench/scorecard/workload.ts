import type { MetricDefinition } from '../../definitions/metric.ts';
import type { Statement } from '../../warehouse/port.ts';

export const DAY_MS = 86_400_000;
export const START_MS = Date.UTC(2026, 3, 1);
export const EXPERIMENT = 'bench';

/** How much there is of everything. */
export interface Size {
  readonly users: number;
  /** Over the days of the experiment. */
  readonly exposures: number;
  /** Over the same days and those that the covariates read. */
  readonly events: number;
}

/** 14 days, after 7 that only covariates read. */
export const DAYS = 14;
export const DAYS_BEFORE = 7;
const WINDOW_MS = 3 * DAY_MS;

/** Shares of the events, of ten. */
const EVENT_SHARES = { contest_joined: 4, wallet_spent: 3, deposit_succeeded: 2, session_started: 1 } as const;
const PER_DAY = 100_000_000;

function metric(key: string, type: MetricDefinition['type'], event: keyof typeof EVENT_SHARES): MetricDefinition {
  return {
    kind: 'metric',
    key,
    owner: 'bench',
    description: '',
    type,
    event,
    property: type === 'sum' ? 'amount_paise' : null,
    where: [],
    windowMs: WINDOW_MS,
    covariateMs: DAYS_BEFORE * DAY_MS,
    goodDirection: 'increase',
    valueUnit: type === 'sum' ? 'paise' : 'events',
  };
}

/** Ten, each with its covariate; the first is the one of the bare query. */
export const METRICS: readonly MetricDefinition[] = [
  metric('entry_fees', 'sum', 'contest_joined'),
  metric('contests', 'count', 'contest_joined'),
  metric('joined', 'proportion', 'contest_joined'),
  metric('spent', 'sum', 'wallet_spent'),
  metric('payments', 'count', 'wallet_spent'),
  metric('paid', 'proportion', 'wallet_spent'),
  metric('deposited', 'sum', 'deposit_succeeded'),
  metric('deposits', 'count', 'deposit_succeeded'),
  metric('depositors', 'proportion', 'deposit_succeeded'),
  metric('sessions', 'count', 'session_started'),
];

/** The position in the log after a day; the first day is `-DAYS_BEFORE`. */
export function offsetAfter(day: number): number {
  return (day + DAYS_BEFORE + 1) * PER_DAY;
}

/** The events of a day, and its exposures where the experiment runs. Pseudo-random, the same each time. */
export function eventsOfDay(day: number, { users, exposures, events }: Size): readonly Statement[] {
  const statements = [outcomes(day, users, Math.round(events / (DAYS + DAYS_BEFORE)))];
  if (day >= 0) statements.push(exposed(day, users, Math.round(exposures / DAYS)));
  return statements;
}

function outcomes(day: number, users: number, count: number): Statement {
  const types = Object.entries(EVENT_SHARES).flatMap(([type, share]) =>
    Array.from({ length: share }, () => `'${type}'`),
  );
  return insert(`SELECT
  md5(concat('o', ${day}, '-', i)), [${types.join(', ')}][1 + (hash(i) % ${types.length})::BIGINT], 1, concat('user-', u), NULL,
  ${timeOf(day)}, 'bench', NULL, NULL, NULL, NULL,
  concat('{"amount_paise":', 100 + hash(i * 13 + ${day}) % 90000, ',"method":"', ['upi', 'card'][1 + (hash(i * 17) % 2)::BIGINT], '"}'),
  ${timeOf(day)}, 0, ${offsetAfter(day - 1)} + i
FROM (SELECT i, hash(i * 37 + ${day} * 1000033) % ${users} AS u FROM range(${count}) AS numbers(i))`);
}

function exposed(day: number, users: number, count: number): Statement {
  return insert(
    exposures({ day, cameOn: day, count, unit: `hash(i * 31 + ${day} * 1000003) % ${users}`, key: `'${EXPERIMENT}'` }),
  );
}

/** Exposures of many experiments on the first day, which come late, on another: the same users are in several. */
export function exposuresOfMany(experiments: number, unitsEach: number, { users }: Size, cameOn: number): Statement {
  const count = experiments * unitsEach;
  const key = `concat('many-', i % ${experiments})`;
  return insert(exposures({ day: 0, cameOn, count, unit: `hash(i * 41 + 7) % ${users}`, key }));
}

interface Exposures {
  readonly day: number;
  readonly count: number;
  /** The day by which they are in the log. */
  readonly cameOn: number;
  /** SQL of the user's number, and of the experiment's key, by the row's number `i`. */
  readonly unit: string;
  readonly key: string;
}

function exposures({ day, cameOn, count, unit, key }: Exposures): string {
  return `SELECT
  md5(concat('x', ${cameOn}, '-', i)), 'exposure', 1, concat('user-', u), NULL, ${timeOf(day)}, 'bench', ${key}, 1,
  CASE WHEN hash(concat(u, ${key})) % 2 = 0 THEN 'control' ELSE 'treatment' END, NULL,
  concat('{"flag_key":"bench","reason":"REASON_SPLIT","unit_type":"user","unit_id":"user-', u,
    '","ruleset_version":3,"segments":{"os":"', ['android', 'ios', 'web'][1 + (hash(u * 3) % 3)::BIGINT], '"}}'),
  ${timeOf(day)}, 0, ${offsetAfter(cameOn - 1) + PER_DAY / 2} + i
FROM (SELECT i, ${unit} AS u FROM range(${count}) AS numbers(i))`;
}

function timeOf(day: number): string {
  return `make_timestamp_ms(${START_MS + day * DAY_MS} + (hash(i * 11 + ${day}) % ${DAY_MS})::BIGINT)`;
}

function insert(sql: string): Statement {
  return { sql: `INSERT INTO raw_events\n${sql}`, parameters: {} };
}

/** What ingest would say after a day. */
export function ingestedUntil(offset: number): Statement {
  return {
    sql: 'INSERT INTO ingest_offsets VALUES (0, $next, 0) ON CONFLICT (log_partition) DO UPDATE SET next_offset = $next',
    parameters: { next: offset },
  };
}

/**
 * The least that one metric can be computed by: deduplicate, join, sum. No covariate, no other metric, no day, no segment, no window that has to
 * have closed, nothing kept.
 */
export function bareQuery(untilMs: number): Statement {
  return {
    sql: `
WITH first_exposures AS (
  SELECT properties ->> '$.unit_id' AS unit_id, arg_min(variant, occurred_at) AS variant, MIN(occurred_at) AS exposed_at
  FROM raw_events
  WHERE event_type = 'exposure' AND experiment_key = '${EXPERIMENT}' AND epoch = 1 AND occurred_at < $until
    AND (properties ->> '$.reason') = 'REASON_SPLIT'
  GROUP BY 1
),
outcomes AS (
  SELECT
    event_id,
    ANY_VALUE(user_id) AS user_id,
    ANY_VALUE(occurred_at) AS occurred_at,
    ANY_VALUE(CAST(properties ->> '$.amount_paise' AS DOUBLE)) AS amount
  FROM raw_events
  WHERE event_type = 'contest_joined' AND occurred_at < $until
  GROUP BY event_id
),
units AS (
  SELECT
    unit_id, variant,
    COALESCE(SUM(CASE
      WHEN outcome.occurred_at >= exposed_at AND outcome.occurred_at < exposed_at + to_milliseconds(${WINDOW_MS}) THEN amount
    END), 0) AS y
  FROM first_exposures
  LEFT JOIN outcomes AS outcome ON outcome.user_id = unit_id
  GROUP BY unit_id, variant
)
SELECT variant, COUNT(*) AS units, SUM(y) AS sum_y, SUM(y * y) AS sum_yy FROM units GROUP BY variant ORDER BY variant`,
    parameters: { until: new Date(untilMs) },
  };
}
