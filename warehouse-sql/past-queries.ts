import { isQuotient, type MetricDefinition } from '../definitions/metric.ts';
import type { Row, StatementParameter } from '../warehouse/port.ts';
import { composeScorecard, unitModels, type ScorecardRow } from './compose-scorecard.ts';
import { compose, type Dialect, type TypedStatement } from './dialect.ts';
import { assertTotals } from './designed-queries.ts';
import { FIRST_EXPOSURES } from './intermediate/first-exposures.ts';
import { unitOutcomes } from './intermediate/unit-outcomes.ts';
import type { CountedMetric, Sources } from './sources.ts';
import { stagingLinks } from './staging/links.ts';
import { outcomeParameters, stagingOutcomes } from './staging/outcomes.ts';
import { stagingPastClusters } from './staging/past-clusters.ts';
import { stagingPastUnits, type PastUnits } from './staging/past-units.ts';

export type { PastUnits } from './staging/past-units.ts';

export interface PastSpanRow extends Row {
  /** Ms since 1970 UTC; null where there is no event. */
  readonly first_ms: number | null;
  readonly last_ms: number | null;
}

/** From when until when there are events; one row. */
export function pastSpanQuery(dialect: Dialect): TypedStatement<PastSpanRow> {
  const sql = `
SELECT ${dialect.epochMs('MIN(occurred_at)')} AS first_ms, ${dialect.epochMs('MAX(occurred_at)')} AS last_ms
FROM raw_events`;
  return { sql, parameters: {}, labels: { purpose: 'past_span' } };
}

/** One row per unit, all numbers. Besides these `y_0`, `x_0` and of quotients `d_0`, … as `unit_metrics` has them, whether or not its window closed. */
export interface PastUnitRow extends Row {
  /** A digest of the unit. */
  readonly unit_key: number;
  /** When it began, ms since 1970 UTC. */
  readonly began_ms: number;
}

/**
 * What every metric is for each unit of the past, in the order in which units came.
 *
 * @throws RangeError without metrics
 */
export function pastUnitsQuery(
  dialect: Dialect,
  past: PastUnits,
  metrics: readonly MetricDefinition[],
): TypedStatement<PastUnitRow> {
  const statement = composePastUnits(dialect, sourcesOf(dialect, past, metrics), metrics);
  return { ...statement, labels: { purpose: 'past_units' } };
}

/** The same, from wherever units and outcomes come. */
export function composePastUnits(
  dialect: Dialect,
  { exposures, outcomes, parameters }: Sources,
  metrics: readonly CountedMetric[],
): TypedStatement<PastUnitRow> {
  const numbers = metrics.flatMap((metric, index) => [
    `y_${index}`,
    `x_${index}`,
    ...(isQuotient(metric) ? [`d_${index}`] : []),
  ]);
  const models = [...exposures, FIRST_EXPOSURES, ...outcomes, ...unitModels(dialect, metrics)];
  const sql = `
SELECT
  ${dialect.digestNumber('unit_id')} AS unit_key,
  ${dialect.epochMs('first_exposed_at')} AS began_ms,
  ${numbers.join(',\n  ')}
FROM unit_metrics
ORDER BY began_ms, unit_key`;
  return compose<PastUnitRow>(models, sql, parameters);
}

/** The sufficient statistics of every metric over the units of the past whose window closed: rows as of a scorecard with one variant. */
export function pastStatisticsQuery(
  dialect: Dialect,
  past: PastUnits,
  metrics: readonly MetricDefinition[],
): TypedStatement<ScorecardRow> {
  return { ...composeScorecard(dialect, sourcesOf(dialect, past, metrics), metrics), labels: { purpose: 'past' } };
}

export interface PastArrivalRow extends Row {
  /** When the UTC day began, ms since 1970. */
  readonly day_ms: number;
  readonly units: number;
}

/** How many units began on each day of the time. */
export function pastArrivalsQuery(dialect: Dialect, past: PastUnits): TypedStatement<PastArrivalRow> {
  const sources = { exposures: exposuresOf(dialect, past), parameters: parametersOf(past) };
  return { ...composePastArrivals(dialect, sources), labels: { purpose: 'past_arrivals' } };
}

/** The same, from wherever units come. */
export function composePastArrivals(
  dialect: Dialect,
  { exposures, parameters }: Pick<Sources, 'exposures' | 'parameters'>,
): TypedStatement<PastArrivalRow> {
  const day = dialect.dayMs('first_exposed_at');
  const sql = `
SELECT ${day} AS day_ms, COUNT(*) AS units
FROM int_first_exposures
GROUP BY 1
ORDER BY 1`;
  return compose<PastArrivalRow>([...exposures, FIRST_EXPOSURES], sql, parameters);
}

/** One row per cluster with units whose window closed. */
export interface PastClusterRow extends Row {
  readonly cluster: string;
  readonly units: number;
  readonly sum_y: number;
  readonly sum_yy: number;
}

/**
 * What units add up to within the clusters that they belong to.
 *
 * @param cluster the property of events that names a unit's cluster
 * @throws RangeError for a metric that is no total
 */
export function pastClustersQuery(
  dialect: Dialect,
  past: PastUnits,
  cluster: string,
  metric: MetricDefinition,
): TypedStatement<PastClusterRow> {
  assertTotals([metric]);
  const { exposures, outcomes, parameters } = sourcesOf(dialect, past, [metric]);
  const sql = `
SELECT cluster, COUNT(*) AS units, SUM(y_0) AS sum_y, SUM(y_0 * y_0) AS sum_yy
FROM unit_metrics
INNER JOIN stg_unit_clusters ON stg_unit_clusters.unit_id = unit_metrics.unit_id
WHERE ${dialect.addMs('first_exposed_at', metric.windowMs)} <= ${dialect.parameter('as_of')}
GROUP BY cluster
ORDER BY cluster`;
  const models = [
    ...exposures,
    FIRST_EXPOSURES,
    stagingPastClusters(dialect, past.unitType, cluster),
    ...outcomes,
    ...unitModels(dialect, [metric]),
  ];
  return { ...compose<PastClusterRow>(models, sql, parameters), labels: { purpose: 'past_clusters' } };
}

export interface PastSlots {
  /** The property of outcomes that names a region. */
  readonly region: string;
  /** Ms since 1970 UTC, multiples of the slot. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly slotMs: number;
}

/** One row per region and slot of time with an outcome. */
export interface PastSlotRow extends Row {
  readonly region: string;
  /** When the slot began, ms since 1970 UTC. */
  readonly slot_ms: number;
  readonly total: number;
}

/**
 * What a metric added up to in each region and slot of time, as a switchback would compare it.
 *
 * @throws RangeError for a metric that is no total
 */
export function pastSlotsQuery(
  dialect: Dialect,
  { region, fromMs, untilMs, slotMs }: PastSlots,
  metric: MetricDefinition,
): TypedStatement<PastSlotRow> {
  assertTotals([metric]);
  const p = dialect.parameter;
  const at = dialect.epochMs('occurred_at');
  const sql = `
SELECT named_unit_id AS region, ${at} - MOD(${at}, ${p('slot_ms')}) AS slot_ms, ${dialect.toDouble('SUM(value_0)')} AS total
FROM stg_outcomes
WHERE named_unit_id IS NOT NULL AND value_0 IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2`;
  const span = { from: p('began_from'), until: p('as_of') };
  const parameters = {
    began_from: new Date(fromMs),
    as_of: new Date(untilMs),
    slot_ms: slotMs,
    ...outcomeParameters([metric]),
  };
  const models = stagingOutcomes(dialect, [metric], region, { span });
  return { ...compose<PastSlotRow>(models, sql, parameters), labels: { purpose: 'past_slots' } };
}

function exposuresOf(dialect: Dialect, past: PastUnits): Sources['exposures'] {
  return [stagingLinks(dialect), stagingPastUnits(dialect, past)];
}

function parametersOf({ beganWith, fromMs, untilMs }: PastUnits): Record<string, StatementParameter> {
  return {
    began_from: new Date(fromMs),
    as_of: new Date(untilMs),
    ...(beganWith === null ? {} : { began_with: beganWith }),
  };
}

function sourcesOf(dialect: Dialect, past: PastUnits, metrics: readonly MetricDefinition[]): Sources {
  if (metrics.length === 0) throw new RangeError('the past is read for at least one metric');
  return {
    exposures: exposuresOf(dialect, past),
    outcomes: [...stagingOutcomes(dialect, metrics, past.unitType), unitOutcomes(past.unitType)],
    parameters: { ...parametersOf(past), ...outcomeParameters(metrics) },
  };
}
