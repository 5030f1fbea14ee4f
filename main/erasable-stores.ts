import type { ErasableStore } from '../activities/erasure.ts';
import type { ErasureStore } from '../control-store/erasure-port.ts';
import type { EventBus } from '../event-bus/port.ts';
import type { LiveMonitor } from '../live-monitor/live-monitor.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { eraseKeptUser, keptUserQuery, type KeptUserRow } from '../warehouse-sql/daily/erased-units.ts';
import { createDailyTables } from '../warehouse-sql/daily/tables.ts';
import { erasureDialect, countUserQuery, eraseUserStatement } from '../warehouse-sql/erasure.ts';

export interface ErasableParts {
  readonly erasures: ErasureStore;
  readonly bus: EventBus;
  readonly monitor: LiveMonitor;
  readonly warehouse: Warehouse;
}

const AGGREGATES =
  'scorecards, statistics by day and result tables (experiment_results, exposures_daily, …) are sums over many users and stay as they were computed; ' +
  'a later analysis has fewer units, and many erasures from one arm show in its split (SRM)';

/** Every store that holds users by their id, those first that others are filled from. */
export function erasableStores({ erasures, bus, monitor, warehouse }: ErasableParts): readonly ErasableStore[] {
  return [
    { name: 'control store', find: (subject) => erasures.find(subject), erase: (subject) => erasures.erase(subject) },
    { name: 'event log', find: (subject) => bus.findUser(subject), erase: (subject) => bus.eraseUser(subject) },
    {
      name: 'live monitor',
      find: (subject) => monitor.findUser(subject),
      erase: (subject) => monitor.eraseUser(subject),
    },
    warehouseStore(warehouse),
  ];
}

function warehouseStore(warehouse: Warehouse): ErasableStore {
  const dialect = erasureDialect(warehouse.dialectName);
  const tables = createDailyTables(dialect).map((sql) => ({ sql, parameters: {} }));
  return {
    name: 'warehouse',
    find: async (subject) => {
      const query = countUserQuery(dialect, subject);
      const [row] = await warehouse.query<{ readonly event_count: number }>(query);
      await warehouse.execute(tables);
      const kept = await warehouse.query<KeptUserRow>(keptUserQuery(dialect, subject));
      return {
        found: [
          { place: 'raw_events', rows: row?.event_count ?? 0 },
          ...kept.map(({ place, row_count: rows }) => ({ place, rows })),
        ],
        query: query.sql,
        notes: [AGGREGATES, RESIDUE[warehouse.dialectName]],
      };
    },
    erase: async (subject) => {
      await warehouse.execute(tables);
      await warehouse.execute([eraseUserStatement(dialect, subject), ...eraseKeptUser(dialect, subject)]);
    },
  };
}

const RESIDUE: Readonly<Record<Warehouse['dialectName'], string>> = {
  duckdb:
    'DuckDB marks rows as deleted and writes what is left anew at its checkpoints; until the blocks are used again their old bytes may be in the file (docs/operations.md)',
  bigquery: 'BigQuery keeps deleted rows for time travel (7 days by default) and 7 days more in fail-safe storage',
};
