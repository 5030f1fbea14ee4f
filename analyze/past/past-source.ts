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
  type PastSpanRow,
  type PastUnits,
} from '../../warehouse-sql/past-queries.ts';

/** What has to be known of a metric whose past is read. */
export type PastMetricKind = Pick<MetricDefinition, 'key' | 'type' | 'windowMs' | 'covariateMs' | 'givenStep'>;

/** Where the past is read from, with the metrics that are asked for. */
export interface PastSource {
  readonly metrics: readonly PastMetricKind[];
  span(): Promise<PastSpanRow>;
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
export function ownPast(warehouse: PastWarehouse, metrics: readonly MetricDefinition[]): PastSource {
  const dialect = dialectOf(warehouse);
  return {
    metrics,
    span: async () => (await warehouse.query(pastSpanQuery(dialect)))[0] ?? { first_ms: null, last_ms: null },
    units: (past) => warehouse.queryColumns(pastUnitsQuery(dialect, past, metrics)),
    statistics: (past) => warehouse.query(pastStatisticsQuery(dialect, past, metrics)),
    arrivals: (past) => warehouse.query(pastArrivalsQuery(dialect, past)),
  };
}
