import path from 'node:path';
import type { MetricDefinition } from '../../definitions/metric.ts';
import type { WarehouseConnection } from '../../definitions/warehouse-source.ts';
import { parseDefinitions } from '../../definitions/parse.ts';
import { didYouMean } from '../../definitions/suggestion.ts';
import type { PastSource, PastWarehouse } from '../../analyze/past/past-source.ts';
import type { PastRequest } from '../../analyze/past/past-time.ts';
import { readText } from '../documents.ts';
import { UsageError } from '../failures.ts';
import type { Shell } from '../shell.ts';
import { timeOf } from './times.ts';
import { reachedWarehouse } from './warehouse-failures.ts';

/** The options of a command that reads the past from the platform's own warehouse. */
export interface PastOptions {
  readonly warehouse: string;
  readonly metrics?: readonly string[];
  readonly metric: readonly string[];
  readonly unit?: string;
  readonly beganWith?: string;
  readonly since?: string;
  readonly until?: string;
}

export const WAREHOUSE_HELP =
  'a DuckDB file, bigquery:PROJECT.DATASET, or a document of umpire connect; nothing is written to it';

/** Opens the warehouse for reading only, for as long as the work takes. */
export async function withPastWarehouse<T>(
  name: string,
  { surroundings }: Shell,
  work: (warehouse: PastWarehouse) => Promise<T>,
): Promise<T> {
  // DuckDB is only loaded by the commands that need it.
  const { openSource } = await import('../../connect/open-source.ts');
  const { configuration, signal } = surroundings;
  return await reachedWarehouse(async () => {
    const warehouse = await openSource(connectionOf(name, configuration), {
      baseDirectory: path.resolve('.'),
      signal,
      bigQueryApiEndpoint: configuration.BIGQUERY_API_ENDPOINT,
    });
    try {
      return await work(warehouse);
    } finally {
      await warehouse.close();
    }
  });
}

function connectionOf(name: string, configuration: Shell['surroundings']['configuration']): WarehouseConnection {
  if (!name.startsWith('bigquery:')) return { engine: 'duckdb', file: name };
  const [, project, dataset] = /^bigquery:([a-z][a-z0-9.:-]{3,62})\.(\w+)$/.exec(name) ?? [];
  if (project === undefined || dataset === undefined)
    throw new UsageError(`--warehouse is a DuckDB file or bigquery:PROJECT.DATASET, got "${name}"`);
  return {
    engine: 'bigquery',
    project,
    dataset,
    location: configuration.BIGQUERY_LOCATION ?? null,
    maximumBytesBilled: configuration.BIGQUERY_MAXIMUM_BYTES_BILLED,
  };
}

/** Whether the warehouse is one that others own, described by a document of `umpire connect`. */
export function isForeign(warehouse: string): boolean {
  return /\.(ya?ml|json)$/i.test(warehouse);
}

/** The past of the platform's own events, or of a warehouse that a document describes, with the metrics that are asked for. */
export async function withPastSource<T>(
  options: PastOptions,
  shell: Shell,
  work: (source: PastSource) => Promise<T>,
): Promise<T> {
  const { warehouse: name, metric: metricKeys, beganWith = null } = options;
  if (!isForeign(name)) {
    const metrics = await metricsOf(options);
    const { ownPast } = await import('../../analyze/past/past-source.ts');
    return await withPastWarehouse(name, shell, (warehouse) => work(ownPast(warehouse, metrics, beganWith)));
  }
  if (options.metrics !== undefined)
    throw new UsageError(`--metrics does not go with ${name}, which has metrics itself`);
  if (options.unit !== undefined)
    throw new UsageError(`--unit does not go with ${name}, whose columns say what a unit is`);
  const { surroundings } = shell;
  const request = {
    text: await readText(name),
    fileName: name,
    baseDirectory: path.dirname(path.resolve(name)),
    nowMs: surroundings.clock(),
    signal: surroundings.signal,
    bigQueryApiEndpoint: surroundings.configuration.BIGQUERY_API_ENDPOINT,
  };
  const { withForeignPast } = await import('../../connect/past.ts');
  return await reachedWarehouse(() => withForeignPast(request, { metricKeys, beganWith }, work));
}

export function pastRequestOf(shell: Shell, { warehouse, unit, beganWith, since, until }: PastOptions): PastRequest {
  return {
    name: warehouse,
    nowMs: shell.surroundings.clock(),
    unitType: unit ?? (isForeign(warehouse) ? 'unit' : 'user'),
    beganWith: beganWith ?? null,
    fromMs: since === undefined ? null : timeOf('--since', since),
    untilMs: until === undefined ? null : timeOf('--until', until),
  };
}

/** The metrics of the documents, all or those that `--metric` names. */
export async function metricsOf({ metrics: files = [], metric: keys }: PastOptions): Promise<MetricDefinition[]> {
  if (files.length === 0)
    throw new UsageError('--warehouse needs --metrics, documents of metrics, such as --metrics metrics.yaml');
  const found = new Map<string, MetricDefinition>();
  for (const file of files)
    for (const definition of parseDefinitions(await readText(file), file))
      if (definition.kind === 'metric') found.set(definition.key, definition);
  const known = [...found.keys()];
  if (known.length === 0) throw new UsageError(`${files.join(', ')}: no document is a metric`);
  return (keys.length === 0 ? known : keys).map((key) => {
    const metric = found.get(key);
    if (metric !== undefined) return metric;
    throw new UsageError(
      `--metric ${key} is not among the documents${didYouMean(key, known)}; their metrics are ${known.join(', ')}`,
    );
  });
}
