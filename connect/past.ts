import { InvalidDefinitionError } from '../definitions/definition.ts';
import { readsOf, type SourceMetric } from '../definitions/source-metric.ts';
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
import type { PastArrivalRow, PastSpanRow } from '../warehouse-sql/past-queries.ts';
import { withSource, type ConnectRequest } from './connect.ts';
import { UnknownMetricError } from './errors.ts';

type Time = Pick<ExistingPast, 'beganWith' | 'fromMs' | 'untilMs'>;

/** Units of a foreign warehouse, before anybody randomized them. */
export interface ForeignPast {
  readonly metrics: readonly SourceMetric[];
  span(): Promise<PastSpanRow>;
  units(time: Time): ReturnType<ReadOnlyWarehouse['queryColumns']>;
  statistics(time: Time): Promise<readonly ScorecardRow[]>;
  arrivals(time: Time): Promise<readonly PastArrivalRow[]>;
}

export interface ForeignPastQuestion {
  /** Keys of the document's metrics; none: all of them. */
  readonly metricKeys: readonly string[];
  /** The key of the fact query whose rows let a unit enter; null: any of the metrics'. */
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
    if (beganWith !== null) named(source.facts, [beganWith], 'fact query', request.fileName);
    const keys = new Set(metrics.flatMap((metric) => readsOf(metric).map(({ facts }) => facts)));
    if (beganWith !== null) keys.add(beganWith);
    const facts = known.facts.filter(({ query }) => keys.has(query.key));
    if (facts.length < keys.size) throw new InvalidDefinitionError(known.findings);
    const past = (time: Time): ExistingPast => ({ ...time, facts, metrics, timeZone: source.timeZone });
    const whole = past({ beganWith, fromMs: 0, untilMs: nowMs });
    return await work({
      metrics,
      span: async () =>
        (await warehouse.query(existingPastSpanQuery(dialect, whole)))[0] ?? { first_ms: null, last_ms: null },
      units: (time) => warehouse.queryColumns(existingPastUnitsQuery(dialect, past(time))),
      statistics: (time) => warehouse.query(existingPastStatisticsQuery(dialect, past(time))),
      arrivals: (time) => warehouse.query(existingPastArrivalsQuery(dialect, past(time))),
    });
  });
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
