import { openBigQuery } from '../../warehouse/bigquery/bigquery.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import type { Warehouse } from '../../warehouse/port.ts';

/** A warehouse that several processes of a test open, one after the other; it fits into an argument. */
export type WarehouseUnderTest =
  { readonly kind: 'duckdb'; readonly file: string } | { readonly kind: 'bigquery'; readonly apiEndpoint: string };

export async function openWarehouseUnderTest(warehouse: WarehouseUnderTest): Promise<Warehouse> {
  if (warehouse.kind === 'duckdb') return await openDuckDb({ file: warehouse.file, threads: 1 });
  const { apiEndpoint } = warehouse;
  return await openBigQuery({
    project: 'faults',
    dataset: 'faults',
    apiEndpoint,
    createDataset: true,
    appendEveryMs: 0,
  });
}

/** Rows, and different events, in `raw_events`; both dialects read it. */
export async function countRows(warehouse: Warehouse): Promise<{ readonly row_count: number; readonly ids: number }> {
  const [counts] = await warehouse.query<{ row_count: number; ids: number }>({
    sql: 'SELECT COUNT(*) AS row_count, COUNT(DISTINCT event_id) AS ids FROM raw_events',
    parameters: {},
  });
  if (counts === undefined) throw new Error('the warehouse answered nothing');
  return counts;
}
