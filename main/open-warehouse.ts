import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { missingTables, openBigQuery } from '../warehouse/bigquery/bigquery.ts';
import type { ConnectionOptions } from '../warehouse/bigquery/connection.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import type { Warehouse } from '../warehouse/port.ts';
import type { Configuration } from './configuration.ts';

/** Opens the warehouse: in BigQuery where `BIGQUERY_PROJECT` is set, else the embedded DuckDB file. */
export async function openWarehouse(configuration: Configuration, logger: Logger): Promise<Warehouse> {
  const place = bigQueryPlace(configuration);
  if (place !== null) {
    logger.info({ project: place.project, dataset: place.dataset }, 'the warehouse is in BigQuery');
    return await openBigQuery({
      ...place,
      maximumBytesBilled: configuration.BIGQUERY_MAXIMUM_BYTES_BILLED,
      appendEveryMs: configuration.BIGQUERY_APPEND_EVERY_MS,
      onProblem: (message, error) => logger.warn({ err: error }, message),
    });
  }
  const file = configuration.UMPIRE_WAREHOUSE_FILE;
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  return await openDuckDb({ file });
}

/** For people: where the rows go. */
export function warehouseName({ BIGQUERY_PROJECT: project, ...configuration }: Configuration): string {
  if (project === undefined) return configuration.UMPIRE_WAREHOUSE_FILE;
  return `BigQuery ${project}.${configuration.BIGQUERY_DATASET ?? ''}`;
}

/** The tables that BigQuery lacks; `null` where the warehouse is the embedded one, which makes its own. */
export async function missingTablesOf(configuration: Configuration): Promise<readonly string[] | null> {
  const place = bigQueryPlace(configuration);
  return place === null ? null : await missingTables(place);
}

function bigQueryPlace(configuration: Configuration): ConnectionOptions | null {
  const { BIGQUERY_PROJECT: project, BIGQUERY_DATASET: dataset } = configuration;
  const { BIGQUERY_LOCATION: location, BIGQUERY_API_ENDPOINT: apiEndpoint } = configuration;
  if (project === undefined || dataset === undefined) return null;
  return {
    project,
    dataset,
    ...(location === undefined ? {} : { location }),
    // An emulator begins empty, and where its data lies is no question.
    ...(apiEndpoint === undefined ? {} : { apiEndpoint, createDataset: true }),
  };
}
