import { createHash } from 'node:crypto';
import type { CausalQuestion } from '../definitions/causal-question.ts';
import { isAddedUp, type MetricDefinition } from '../definitions/metric.ts';
import { didYouMean } from '../definitions/suggestion.ts';
import type { RawColumn, RawStudy } from '../causal/study/raw-column.ts';
import type { Row, Warehouse } from '../warehouse/port.ts';
import { eventTypesQuery, makeCohort, type CohortQuestion } from '../warehouse-sql/cohorts/cohort.ts';
import { bigQuery, duckDb, type Dialect } from '../warehouse-sql/dialect.ts';
import { featureColumn } from '../warehouse-sql/features/as-of.ts';
import { FEATURES, featureOf, type FeatureDefinition } from '../definitions/features.ts';

/** A question that cannot be carried out, in a sentence for who asked. */
export class UnanswerableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnanswerableError';
  }
}

/** A question with everything that it names, as of one time. */
export interface Resolved {
  readonly cohort: CohortQuestion;
  readonly segmentPlaces: readonly number[];
  /** What values of the outcome are divided by for readers. */
  readonly divideBy: number;
}

/** How many units there are, and how many were left out. */
export interface CohortCounts {
  readonly eligible: { readonly treated: number; readonly controls: number };
  readonly complete: { readonly treated: number; readonly controls: number };
}

/**
 * Looks up what a question names.
 *
 * @param metricOf the metric of the catalogue; undefined where there is none
 * @throws UnanswerableError for an unknown metric, covariate or event, or a metric that is no number per unit
 */
export async function resolveQuestion(
  warehouse: Warehouse,
  question: CausalQuestion,
  metricOf: (key: string) => Promise<MetricDefinition | undefined>,
  asOfMs: number,
): Promise<Resolved> {
  const metrics = await Promise.all(
    [question.outcome.metric, ...question.negativeControls].map((key) => knownMetric(key, metricOf)),
  );
  const features = question.covariates.map(knownFeature);
  const fromMs = asOfMs - question.population.windowMs;
  const [outcome, ...negativeControls] = metrics;
  if (outcome === undefined) throw new UnanswerableError('the question names no outcome');
  await assertEvents(warehouse, question, [...new Set(metrics.map(({ event }) => event))], asOfMs);
  return {
    cohort: {
      populationEvent: question.population.event,
      fromMs,
      untilMs: asOfMs,
      treatmentEvent: question.treatment.event,
      withinMs: question.treatment.withinMs,
      outcome,
      outcomeWindowMs: question.outcome.windowMs,
      features,
      negativeControls,
      hasPriorOutcome: true,
      asOfMs,
    },
    segmentPlaces: question.segments.map((segment) => question.covariates.indexOf(segment)),
    divideBy: question.outcome.divideBy,
  };
}

async function knownMetric(
  key: string,
  metricOf: (key: string) => Promise<MetricDefinition | undefined>,
): Promise<MetricDefinition> {
  const metric = await metricOf(key);
  if (metric === undefined)
    throw new UnanswerableError(
      `there is no metric "${key}" in the catalogue; define it with umpire apply, or name another`,
    );
  if (!isAddedUp(metric) || metric.type === 'ratio' || metric.type === 'mean' || metric.type === 'count_distinct')
    throw new UnanswerableError(
      `metric "${key}" is of type ${metric.type}; a causal question needs a number of each unit: a sum, count, proportion or retention`,
    );
  return metric;
}

function knownFeature(key: string): FeatureDefinition {
  const feature = featureOf(key);
  if (feature !== undefined) return feature;
  const keys = FEATURES.map((each) => each.key);
  throw new UnanswerableError(
    `there is no feature "${key}"${didYouMean(key, keys)}; there are ${keys.join(', ')}, and property:NAME for the last value of an event's property`,
  );
}

async function assertEvents(
  warehouse: Warehouse,
  { population, treatment }: CausalQuestion,
  outcomeEvents: readonly string[],
  asOfMs: number,
): Promise<void> {
  const rows = await warehouse.query<{ event_type: string; events: number }>(
    eventTypesQuery(dialectOf(warehouse), 0, asOfMs),
  );
  const known = rows.map(({ event_type: type }) => type);
  for (const [event, role] of [
    [population.event, 'the population'],
    [treatment.event, 'the treatment'],
    ...outcomeEvents.map((event) => [event, 'the outcome'] as const),
  ] as const)
    if (!known.includes(event))
      throw new UnanswerableError(
        `no event "${event}", which ${role} is made of, has ever been seen${didYouMean(event, known)}; there are ${known.slice(0, 20).join(', ')}`,
      );
}

/** The table of a question's cohort, named by a hash: ids are anything. */
export function cohortTable(questionId: string): string {
  return `causal_cohort_${createHash('sha256').update(questionId).digest('hex').slice(0, 20)}`;
}

export async function writeCohort(
  warehouse: Warehouse,
  questionId: string,
  { cohort }: Resolved,
): Promise<CohortCounts> {
  const table = cohortTable(questionId);
  await warehouse.execute([makeCohort(dialectOf(warehouse), table, cohort)]);
  const rows = await warehouse.query<{ treated: number; units: number; complete: number }>({
    sql: `SELECT treated, COUNT(*) AS units, SUM(is_complete) AS complete FROM ${table} GROUP BY treated ORDER BY treated`,
    parameters: {},
  });
  const of = (treated: number) => rows.find((row) => row.treated === treated);
  return {
    eligible: { treated: of(1)?.units ?? 0, controls: of(0)?.units ?? 0 },
    complete: { treated: of(1)?.complete ?? 0, controls: of(0)?.complete ?? 0 },
  };
}

/** The cohort holds units, so it is gone once the question is answered. */
export async function dropCohort(warehouse: Warehouse, questionId: string): Promise<void> {
  await warehouse.execute([{ sql: `DROP TABLE IF EXISTS ${cohortTable(questionId)}`, parameters: {} }]);
}

/** The units whose outcome is complete, in the order of their ids. */
export async function readCohort(
  warehouse: Warehouse,
  questionId: string,
  { cohort, segmentPlaces, divideBy }: Resolved,
): Promise<RawStudy> {
  const rows = await warehouse.query<Row>({
    sql: `SELECT * FROM ${cohortTable(questionId)} WHERE is_complete = 1 ORDER BY unit_id`,
    parameters: {},
  });
  const numbers = (column: string): Float64Array => Float64Array.from(rows, (row) => numberOf(row[column]));
  const covariates = cohort.features.map((feature, place) => columnOf(feature, rows, featureColumn(place)));
  return {
    rowCount: rows.length,
    treatment: Uint8Array.from(rows, (row) => numberOf(row.treated)),
    outcome: numbers('outcome').map((of) => of / divideBy),
    covariates,
    segments: segmentPlaces.flatMap((place) => covariates[place] ?? []),
    placebos: [
      ...(cohort.hasPriorOutcome
        ? [
            {
              name: `${cohort.outcome.key} before`,
              kind: 'pre-treatment outcome' as const,
              values: numbers('prior_outcome').map((of) => of / divideBy),
            },
          ]
        : []),
      ...cohort.negativeControls.map(({ key }, index) => ({
        name: key,
        kind: 'negative control' as const,
        values: numbers(`c_${index}`),
      })),
    ],
  };
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : NaN;
}

function columnOf({ key, valueKind }: FeatureDefinition, rows: readonly Row[], column: string): RawColumn {
  if (valueKind === 'number')
    return { kind: 'number', name: key, values: Float64Array.from(rows, (row) => numberOf(row[column])) };
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = row[column];
    if (typeof value === 'string') counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const levels = [...counts.keys()].toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || (a < b ? -1 : 1));
  const codes = new Map(levels.map((level, code) => [level, code]));
  return {
    kind: 'category',
    name: key,
    levels,
    codes: Int32Array.from(rows, (row) => codes.get(String(row[column])) ?? -1),
  };
}

export function dialectOf({ dialectName }: Warehouse): Dialect {
  return dialectName === 'bigquery' ? bigQuery : duckDb;
}
