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
import { ASSIGNMENTS } from './assignments.ts';
import { foreignModel, text, utcTime, type KnownAssignments, type KnownFacts } from './source.ts';

/** A time of a foreign warehouse in which nobody randomized its units. */
export interface ExistingPast {
  readonly facts: readonly KnownFacts[];
  readonly metrics: readonly SourceMetric[];
  /** The IANA zone of times that name none. */
  readonly timeZone: string;
  /** The query whose rows let a unit enter, one of the facts or of the assignments, and its columns. */
  readonly entry: {
    readonly known: KnownFacts | KnownAssignments;
    readonly columns: { readonly unit: string; readonly at: string };
  };
  /** Units that began in [fromMs, untilMs), ms since 1970 UTC; nothing after it counts. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface ExistingSpanRow extends PastSpanRow {
  /** The first row of any fact query, ms since 1970 UTC; null where there is none. */
  readonly first_outcome_ms: number | null;
}

/** From when until when units enter, and from when on there are outcomes, `untilMs` at the latest; one row. */
export function existingPastSpanQuery(dialect: Dialect, past: ExistingPast): TypedStatement<ExistingSpanRow> {
  const times = past.facts.map(({ query: { columns }, kinds }, index) => {
    const at = utcTime(dialect, columns.occurredAt, kinds.get(columns.occurredAt.toLowerCase()));
    return `SELECT MIN(${at}) AS occurred_at FROM ${factsName(index)}`;
  });
  const sql = `
SELECT
  ${dialect.epochMs('MIN(occurred_at)')} AS first_ms,
  ${dialect.epochMs('MAX(occurred_at)')} AS last_ms,
  (SELECT ${dialect.epochMs('MIN(occurred_at)')} FROM (${times.join(' UNION ALL ')}) AS outcomes) AS first_outcome_ms
FROM umpire_began`;
  const models = [...foreignFacts(past), ...foreignEntry(past), began(dialect, past)];
  return compose<ExistingSpanRow>(models, sql, parametersOf(past));
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
    exposures: [...foreignFacts(past), ...foreignEntry(past), began(dialect, past), PAST_UNITS],
    outcomes: [existingOutcomes(dialect, past)],
    parameters: parametersOf(past),
  };
}

function foreignFacts({ facts }: ExistingPast): readonly Model[] {
  return facts.map((known, index) => foreignModel(factsName(index), known));
}

function foreignEntry({ facts, entry }: ExistingPast): readonly Model[] {
  const isFact = facts.some(({ query }) => query === entry.known.query);
  return isFact ? [] : [foreignModel(ASSIGNMENTS, entry.known)];
}

function began(dialect: Dialect, { facts, entry }: ExistingPast): Model {
  const p = dialect.parameter;
  const { known, columns } = entry;
  const index = facts.findIndex(({ query }) => query === known.query);
  const at = utcTime(dialect, columns.at, known.kinds.get(columns.at.toLowerCase()));
  return {
    name: 'umpire_began',
    sql: `
-- One row per row by which a unit enters, in the time: unit_id, occurred_at.
SELECT unit_id, occurred_at
FROM (
  SELECT ${text(dialect, columns.unit)} AS unit_id, ${at} AS occurred_at FROM ${index < 0 ? ASSIGNMENTS : factsName(index)}
) AS entering
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
