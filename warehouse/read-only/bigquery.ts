import { BigQuery, BigQueryDate, BigQueryDatetime, BigQueryTimestamp, type Query } from '@google-cloud/bigquery';
import type { Row, Statement, StatementParameter } from '../port.ts';
import { withoutCredentials } from '../bigquery/connection.ts';
import { bigQueryFailure } from './bigquery-failure.ts';
import { numericColumns } from './numeric-columns.ts';
import type { NumericColumns } from '../duckdb-query.ts';
import { bigQueryColumnKind } from './bigquery-types.ts';
import { embeddable, RefusedSqlError, type Column, type ReadOnlyWarehouse } from './port.ts';

export interface ReadOnlyBigQueryOptions {
  /** The project that pays. */
  readonly project: string;
  /** Where table names without a dataset are looked up. */
  readonly dataset: string;
  readonly location: string | null;
  /** BigQuery refuses a query that would read more, before it runs. */
  readonly maximumBytesBilled: number;
  /** Ends a query that runs. */
  readonly signal?: AbortSignal;
  /** Another address of the API: an emulator, without credentials. */
  readonly apiEndpoint?: string;
  /** Default: one that finds its credentials as Google's tools do. */
  readonly client?: Pick<BigQuery, 'createQueryJob'>;
}

/**
 * Opens a dataset of BigQuery for reading: every foreign statement is a SELECT by BigQuery's own dry run, which costs nothing, and no
 * query reads more than the limit. An account that may only read (roles BigQuery Data Viewer and BigQuery Job User) is what keeps functions
 * with side effects from having any.
 */
export function openReadOnlyBigQuery(options: ReadOnlyBigQueryOptions): ReadOnlyWarehouse {
  const client = options.client ?? clientOf(options);
  return new ReadOnlyBigQuery(client, options);
}

function clientOf({ project, apiEndpoint }: ReadOnlyBigQueryOptions): BigQuery {
  const common = { projectId: project, userAgent: 'third-umpire' };
  if (apiEndpoint === undefined) return new BigQuery(common);
  return new BigQuery({ ...common, apiEndpoint, authClient: withoutCredentials() });
}

class ReadOnlyBigQuery implements ReadOnlyWarehouse {
  readonly dialectName = 'bigquery';
  readonly #client: Pick<BigQuery, 'createQueryJob'>;
  readonly #options: ReadOnlyBigQueryOptions;

  constructor(client: Pick<BigQuery, 'createQueryJob'>, options: ReadOnlyBigQueryOptions) {
    this.#client = client;
    this.#options = options;
  }

  async describe(sql: string, parameters: Readonly<Record<string, StatementParameter>>): Promise<readonly Column[]> {
    const alone = await this.#dryRun({ sql, parameters });
    assertSelect(alone.statementType);
    const inside = `SELECT * FROM (\n${embeddable(sql)}\n) AS umpire_described`;
    const { statementType, fields } = await this.#dryRun({ sql: inside, parameters });
    assertSelect(statementType);
    return fields.map(({ name = '', type = '', mode = 'NULLABLE' }) => ({
      name,
      kind: bigQueryColumnKind(type, mode),
      typeName: mode === 'REPEATED' ? `ARRAY<${type}>` : type,
    }));
  }

  async query<R extends Row>(statement: Statement): Promise<readonly R[]> {
    const { signal } = this.#options;
    return await named('fails', async () => {
      signal?.throwIfAborted();
      const [job] = await this.#client.createQueryJob(this.#request(statement));
      // A job that cannot be cancelled any more has ended.
      const cancel = (): void => void job.cancel().catch(() => undefined);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        const [rows] = await job.getQueryResults();
        return (rows as Record<string, unknown>[]).map((row) => rowOf<R>(row));
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    });
  }

  async queryColumns(statement: Statement): Promise<NumericColumns> {
    return numericColumns(await this.query(statement));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #dryRun(statement: Statement): Promise<{ readonly statementType: unknown; readonly fields: readonly Field[] }> {
    return await named('is refused', async () => {
      const [job] = await this.#client.createQueryJob({ ...this.#request(statement), dryRun: true });
      const metadata = job.metadata as DryRun;
      const query = metadata.statistics?.query;
      return { statementType: query?.statementType, fields: query?.schema?.fields ?? [] };
    });
  }

  #request({ sql, parameters }: Statement): Query {
    const { project, dataset, location, maximumBytesBilled } = this.#options;
    return {
      query: sql,
      params: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, bound(value)])),
      defaultDataset: { projectId: project, datasetId: dataset },
      maximumBytesBilled: String(maximumBytesBilled),
      labels: { application: 'third-umpire', purpose: 'connect' },
      useLegacySql: false,
      ...(location === null ? {} : { location }),
    };
  }
}

interface Field {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
}

interface DryRun {
  readonly statistics?: {
    readonly query?: { readonly statementType?: string; readonly schema?: { readonly fields?: readonly Field[] } };
  };
}

function assertSelect(statementType: unknown): void {
  if (statementType === 'SELECT') return;
  throw new RefusedSqlError(
    `is not a SELECT but ${typeof statementType === 'string' ? statementType : 'of a type that BigQuery does not tell'}; ` +
      'umpire only reads, so scripts and whatever changes data are refused',
  );
}

function bound(value: StatementParameter): unknown {
  if (value instanceof Date) return BigQuery.timestamp(value);
  return typeof value === 'bigint' ? BigQuery.int(String(value)) : value;
}

/** As `Row` promises it: times as `Date`, dates as text. */
function rowOf<R extends Row>(row: Readonly<Record<string, unknown>>): R {
  const values = Object.entries(row).map(([name, value]) => {
    if (value instanceof BigQueryTimestamp) return [name, new Date(value.value)] as const;
    if (value instanceof BigQueryDate || value instanceof BigQueryDatetime) return [name, value.value] as const;
    return [name, value] as const;
  });
  return Object.fromEntries(values) as R;
}

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw bigQueryFailure(what, error);
  }
}
