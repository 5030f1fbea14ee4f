import type { SourceMetric } from '../../definitions/source-metric.ts';
import { composeScorecard, type ScorecardRow } from '../compose-scorecard.ts';
import { compose, type Dialect, type Model, type TypedStatement } from '../dialect.ts';
import {
  composePastArrivals,
  composePastUnits,
  type PastArrivalRow,
  type PastSpanRow,
  type PastUnitRow,
} from '../past-queries.ts';
import type { Sources } from '../sources.ts';
import { existingOutcomes, factsName } from './facts.ts';
import { foreignModel, text, utcTime, type KnownFacts } from './source.ts';

/** A time of a foreign warehouse in which nobody randomized its units. */
export interface ExistingPast {
  readonly facts: readonly KnownFacts[];
  readonly metrics: readonly SourceMetric[];
  /** The IANA zone of times that name none. */
  readonly timeZone: string;
  /** The key of the fact query whose rows let a unit enter; null: any. */
  readonly beganWith: string | null;
  /** Units that began in [fromMs, untilMs), ms since 1970 UTC; nothing after it counts. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From when until when there are rows, `untilMs` at the latest; one row. Of the past only its facts and its times are asked. */
export function existingPastSpanQuery(dialect: Dialect, past: ExistingPast): TypedStatement<PastSpanRow> {
  const sql = `
SELECT ${dialect.epochMs('MIN(occurred_at)')} AS first_ms, ${dialect.epochMs('MAX(occurred_at)')} AS last_ms
FROM umpire_began`;
  return compose<PastSpanRow>([...foreignFacts(past), began(dialect, past)], sql, parametersOf(past));
}

/** What `pastUnitsQuery` gives, from the rows of fact queries. */
export function existingPastUnitsQuery(dialect: Dialect, past: ExistingPast): TypedStatement<PastUnitRow> {
  return composePastUnits(dialect, sourcesOf(dialect, past), past.metrics);
}

/** What `pastStatisticsQuery` gives. */
export function existingPastStatisticsQuery(dialect: Dialect, past: ExistingPast): TypedStatement<ScorecardRow> {
  return composeScorecard(dialect, sourcesOf(dialect, past), past.metrics);
}

/** What `pastArrivalsQuery` gives. */
export function existingPastArrivalsQuery(dialect: Dialect, past: ExistingPast): TypedStatement<PastArrivalRow> {
  return composePastArrivals(dialect, sourcesOf(dialect, past));
}

function sourcesOf(dialect: Dialect, past: ExistingPast): Sources {
  return {
    exposures: [...foreignFacts(past), began(dialect, past), PAST_UNITS],
    outcomes: [existingOutcomes(dialect, past)],
    parameters: parametersOf(past),
  };
}

function foreignFacts({ facts }: ExistingPast): readonly Model[] {
  return facts.map((known, index) => foreignModel(factsName(index), known));
}

function began(dialect: Dialect, { facts, beganWith }: ExistingPast): Model {
  const p = dialect.parameter;
  const parts = facts.flatMap(({ query: { key, columns }, kinds }, index) =>
    beganWith !== null && beganWith !== key
      ? []
      : [
          `  SELECT ${text(dialect, columns.unit)} AS unit_id, ` +
            `${utcTime(dialect, columns.occurredAt, kinds.get(columns.occurredAt.toLowerCase()))} AS occurred_at FROM ${factsName(index)}`,
        ],
  );
  if (parts.length === 0) throw new RangeError(`there are no facts ${beganWith ?? ''}`);
  return {
    name: 'umpire_began',
    sql: `
-- One row per row of the fact queries by which units enter, in the time: unit_id, occurred_at.
SELECT unit_id, occurred_at
FROM (
${parts.join('\n  UNION ALL\n')}
) AS rows_of_units
WHERE unit_id IS NOT NULL AND occurred_at >= ${p('began_from')} AND occurred_at < ${p('as_of')}`,
  };
}

const PAST_UNITS: Model = {
  name: 'stg_exposures',
  sql: `
-- One row per unit with a row in the time: unit_id, variant (all), reason, occurred_at of its first, segments (NULL), log_partition, log_offset.
SELECT
  unit_id, 'all' AS variant, 'REASON_SPLIT' AS reason, MIN(occurred_at) AS occurred_at,
  CAST(NULL AS STRING) AS segments, 0 AS log_partition, 0 AS log_offset
FROM umpire_began
GROUP BY unit_id`,
};

function parametersOf({ metrics, timeZone, fromMs, untilMs }: ExistingPast) {
  const covariateMs = Math.max(0, ...metrics.map((metric) => metric.covariateMs));
  return {
    // No experiment: SQL that asks for one has no rows.
    experiment_key: '',
    from_time: new Date(fromMs - covariateMs),
    to_time: new Date(untilMs),
    began_from: new Date(fromMs),
    as_of: new Date(untilMs),
    time_zone: timeZone,
  };
}
