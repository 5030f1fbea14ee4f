import path from 'node:path';
import type { WarehouseConnection } from '../definitions/warehouse-source.ts';
import { openReadOnlyDuckDb } from '../warehouse/read-only/duckdb.ts';
import type { ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';

/**
 * Opens the warehouse that a document names, for reading only.
 *
 * @param baseDirectory where relative paths begin: the document's folder
 * @throws UnreachableWarehouseError
 */
export async function openSource(
  connection: WarehouseConnection,
  baseDirectory: string,
  signal: AbortSignal,
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
      return (await import('../warehouse/read-only/bigquery.ts')).openReadOnlyBigQuery({ ...connection, signal });
  }
}
