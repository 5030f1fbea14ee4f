import path from 'node:path';
import type { WarehouseConnection } from '../definitions/warehouse-source.ts';
import { openReadOnlyDuckDb } from '../warehouse/read-only/duckdb.ts';
import type { ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';

export interface OpenOptions {
  /** Where relative paths begin: the document's folder. */
  readonly baseDirectory: string;
  /** Ends a query that runs. */
  readonly signal: AbortSignal;
  /** Another address of BigQuery's API: an emulator, without credentials. */
  readonly bigQueryApiEndpoint?: string | undefined;
}

/**
 * Opens the warehouse that a document names, for reading only.
 *
 * @throws UnreachableWarehouseError
 */
export async function openSource(
  connection: WarehouseConnection,
  { baseDirectory, signal, bigQueryApiEndpoint: apiEndpoint }: OpenOptions,
): Promise<ReadOnlyWarehouse> {
  const absolute = (file: string): string => path.resolve(baseDirectory, file);
  switch (connection.engine) {
    case 'duckdb':
      return await openReadOnlyDuckDb({ data: { file: absolute(connection.file) }, signal });
    case 'parquet': {
      const tables = Object.entries(connection.tables).map(([table, globs]) => [table, globs.map(absolute)] as const);
      return await openReadOnlyDuckDb({ data: { parquetTables: Object.fromEntries(tables) }, signal });
    }
    case 'bigquery':
      // Google's client is only loaded by those who need it.
      return (await import('../warehouse/read-only/bigquery.ts')).openReadOnlyBigQuery({
        ...connection,
        signal,
        ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
      });
  }
}
