import { InvalidDefinitionError } from '../definitions/definition.ts';
import { readsOf, type SourceMetric } from '../definitions/source-metric.ts';
import type { WarehouseSource } from '../definitions/warehouse-source.ts';
import { didYouMean } from '../definitions/suggestion.ts';
import type { ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';
import {
  existingPastArrivalsQuery,
  existingPastSpanQuery,
  existingPastStatisticsQuery,
  existingPastUnitsQuery,
  type ExistingPast,
} from '../warehouse-sql/existing/past-queries.ts';
import type { ScorecardRow } from '../warehouse-sql/compose-scorecard.ts';
import type { PastArrivalRow } from '../warehouse-sql/past-queries.ts';
import { withSource, type ConnectRequest } from './connect.ts';
import { UnknownMetricError } from './errors.ts';

type Time = Pick<ExistingPast, 'fromMs' | 'untilMs'>;

/** Units of a foreign warehouse, before anybody randomized them. */
export interface ForeignPast {
  readonly metrics: readonly SourceMetric[];
  /** The query whose rows let a unit enter. */
  readonly entry: string;
  /** The keys of the metrics that read the rows by which units enter. */
  readonly readsEntry: readonly string[];
  span(): Promise<{
    readonly firstMs: number | null;
    readonly lastMs: number | null;
    readonly outcomesFromMs: number | null;
  }>;
  units(time: Time): ReturnType<ReadOnlyWarehouse['queryColumns']>;
  statistics(time: Time): Promise<readonly ScorecardRow[]>;
  arrivals(time: Time): Promise<readonly PastArrivalRow[]>;
}

export interface ForeignPastQuestion {
  /** Keys of the document's metrics; none: all of them. */
  readonly metricKeys: readonly string[];
  /** The key of the assignment query or the fact query whose rows let a unit enter; null: the only assignment query. */
  readonly beganWith: string | null;
}

/**
 * Opens the warehouse that a document describes, for as long as the work takes.
 *
 * @throws InvalidDefinitionError where a query that is needed cannot be used; UnknownMetricError, UnreachableWarehouseError
 */
export async function withForeignPast<T>(
  request: ConnectRequest,
  { metricKeys, beganWith }: ForeignPastQuestion,
  work: (past: ForeignPast) => Promise<T>,
): Promise<T> {
  return await withSource(request, async ({ source, known, warehouse, dialect, nowMs }) => {
    const metrics = named(source.metrics, metricKeys, 'metric', request.fileName);
    const { key: entryKey, isFact } = entryOf(source, beganWith, request.fileName);
    const keys = new Set(metrics.flatMap((metric) => readsOf(metric).map(({ facts }) => facts)));
    if (isFact) keys.add(entryKey);
    const facts = known.facts.filter(({ query }) => keys.has(query.key));
    const fact = isFact ? facts.find(({ query }) => query.key === entryKey) : undefined;
    const assignment = isFact ? undefined : known.assignments.find(({ query }) => query.key === entryKey);
    const entry =
      fact !== undefined
        ? { known: fact, columns: { unit: fact.query.columns.unit, at: fact.query.columns.occurredAt } }
        : assignment !== undefined
          ? {
              known: assignment,
              columns: { unit: assignment.query.columns.unit, at: assignment.query.columns.exposedAt },
            }
          : null;
    if (facts.length < keys.size || entry === null) throw new InvalidDefinitionError(known.findings);
    const past = (time: Time): ExistingPast => ({ ...time, entry, facts, metrics, timeZone: source.timeZone });
    const whole = past({ fromMs: 0, untilMs: nowMs });
    return await work({
      metrics,
      entry: entryKey,
      readsEntry: metrics.filter((metric) => isFact && metric.facts === entryKey).map(({ key }) => key),
      span: async () => {
        const [row] = await warehouse.query(existingPastSpanQuery(dialect, whole));
        const { first_ms: firstMs = null, last_ms: lastMs = null, first_outcome_ms: outcomesFromMs = null } = row ?? {};
        return { firstMs, lastMs, outcomesFromMs };
      },
      units: (time) => warehouse.queryColumns(existingPastUnitsQuery(dialect, past(time))),
      statistics: (time) => warehouse.query(existingPastStatisticsQuery(dialect, past(time))),
      arrivals: (time) => warehouse.query(existingPastArrivalsQuery(dialect, past(time))),
    });
  });
}

function entryOf(
  { assignments, facts }: WarehouseSource,
  beganWith: string | null,
  fileName: string,
): { readonly key: string; readonly isFact: boolean } {
  if (beganWith === null) {
    const [only, ...others] = assignments;
    if (only !== undefined && others.length === 0) return { key: only.key, isFact: false };
    const keys = [...assignments, ...facts].map(({ key }) => key);
    throw new UnknownMetricError(
      `${fileName} has several assignment queries; name the query by which units enter with --began-with: one of ${keys.join(', ')}`,
    );
  }
  const isFact = facts.some(({ key }) => key === beganWith);
  if (!isFact) named([...assignments, ...facts], [beganWith], 'query', fileName);
  return { key: beganWith, isFact };
}

function named<Item extends { readonly key: string }>(
  items: readonly Item[],
  keys: readonly string[],
  what: string,
  fileName: string,
): readonly Item[] {
  if (keys.length === 0) return items;
  return keys.map((key) => {
    const found = items.find((item) => item.key === key);
    if (found !== undefined) return found;
    const known = items.map((item) => item.key);
    throw new UnknownMetricError(
      `there is no ${what} "${key}" in ${fileName}${didYouMean(key, known)}; it has ${known.join(', ')}`,
    );
  });
}
