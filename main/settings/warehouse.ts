import { text } from './kinds.ts';

/** Settings of the embedded warehouse; unused where `BIGQUERY_PROJECT` is set. */
export const warehouseSettings = {
  /** The DuckDB file, which `umpire work` alone opens. */
  UMPIRE_WAREHOUSE_FILE: text().default('.third-umpire/warehouse.duckdb'),
};
