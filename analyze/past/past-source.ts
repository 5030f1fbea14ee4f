import type { MetricDefinition } from '../../definitions/metric.ts';
import type { NumericColumns } from '../../warehouse/duckdb-query.ts';
import type { ReadOnlyWarehouse } from '../../warehouse/read-only/port.ts';
import type { ScorecardRow } from '../../warehouse-sql/compose-scorecard.ts';
import { bigQuery, duckDb, type Dialect } from '../../warehouse-sql/dialect.ts';
import {
  pastArrivalsQuery,
  pastSpanQuery,
  pastStatisticsQuery,
  pastUnitsQuery,
  type PastArrivalRow,
  type PastUnits,
} from '../../warehouse-sql/past-queries.ts';

/** What has to be known of a metric whose past is read. */
export type PastMetricKind = Pick<MetricDefinition, 'key' | 'type' | 'windowMs' | 'covariateMs' | 'givenStep'>;

/** Times in ms since 1970 UTC; null where there is nothing. */
export interface PastSpan {
  /** The first and the last event by which a unit enters. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** The first event that a metric could read. */
  readonly outcomesFromMs: number | null;
}

/** Where the past is read from, with the metrics that are asked for. */
export interface PastSource {
  readonly metrics: readonly PastMetricKind[];
  /** By what a unit enters, for readers. */
  readonly entry: string;
  /** The keys of the metrics that read the events by which units enter. */
  readonly readsEntry: readonly string[];
  span(): Promise<PastSpan>;
  /** The columns of `PastUnitRow`, in the order in which units came. */
  units(past: PastUnits): Promise<NumericColumns>;
  /** Rows as of a scorecard with one variant. */
  statistics(past: PastUnits): Promise<readonly ScorecardRow[]>;
  arrivals(past: PastUnits): Promise<readonly PastArrivalRow[]>;
}

export type PastWarehouse = Pick<ReadOnlyWarehouse, 'dialectName' | 'query' | 'queryColumns'>;

export function dialectOf({ dialectName }: PastWarehouse): Dialect {
  return dialectName === 'duckdb' ? duckDb : bigQuery;
}

/** The platform's own events. */
export function ownPast(
  warehouse: PastWarehouse,
  metrics: readonly MetricDefinition[],
  beganWith: string | null,
): PastSource {
  const dialect = dialectOf(warehouse);
  return {
    metrics,
    entry: beganWith ?? 'any event',
    readsEntry: metrics.filter(({ event }) => event === beganWith).map(({ key }) => key),
    span: async () => {
      const [row] = await warehouse.query(pastSpanQuery(dialect));
      const { first_ms: firstMs = null, last_ms: lastMs = null } = row ?? {};
      return { firstMs, lastMs, outcomesFromMs: firstMs };
    },
    units: (past) => warehouse.queryColumns(pastUnitsQuery(dialect, past, metrics)),
    statistics: (past) => warehouse.query(pastStatisticsQuery(dialect, past, metrics)),
    arrivals: (past) => warehouse.query(pastArrivalsQuery(dialect, past)),
  };
}
