import { randomUUID } from 'node:crypto';
import type { EventBatch } from '../../event-bus/port.ts';
import type { Row, Statement, Warehouse } from '../port.ts';
import { Serial } from '../serial.ts';
import { appendBatches } from './append.ts';
import { AppendQueue } from './append-queue.ts';
import { connect, type Connection, type ConnectionOptions } from './connection.ts';
import { BigQueryBytesLimitError } from './errors.ts';
import { createQueryJob, dryRun, namingFailures, readResults, runJob, submitOnce } from './jobs.ts';
import { asScript } from './script.ts';
import { createTables, selectOffsets } from './sql.ts';
import { INGEST_OFFSETS, INGEST_TURN, RAW_EVENTS } from './tables.ts';

const FULL_BATCH_SIZE = 50_000;
const GIB = 1_024 ** 3;

export interface BigQueryOptions extends ConnectionOptions {
  /** No query reads more than this many bytes. Default: 100 GiB. */
  readonly maximumBytesBilled?: number;
  /** At least so long between two appends; each searches the days that it touches for known event ids. Default: 10,000. */
  readonly appendEveryMs?: number;
  /** Told what went wrong without harm. */
  readonly onProblem?: (message: string, error: unknown) => void;
}

/**
 * Opens BigQuery as the warehouse and makes the platform's tables in the dataset, if they are missing.
 *
 * @throws BigQueryError, by name for missing credentials, rights, dataset, …
 */
export async function openBigQuery(options: BigQueryOptions): Promise<Warehouse> {
  const warehouse = new BigQueryWarehouse(await connect(options), options);
  await warehouse.execute(
    createTables().map((sql) => ({ sql, parameters: {}, labels: { purpose: 'making the tables' } })),
  );
  return warehouse;
}

/** The platform's tables that the dataset lacks. @throws BigQueryError as `openBigQuery` does */
export async function missingTables(options: ConnectionOptions): Promise<readonly string[]> {
  const { dataset, place } = await connect(options);
  const [tables] = await dataset.getTables();
  const there = new Set(tables.map(({ id }) => id));
  return [RAW_EVENTS, INGEST_OFFSETS, INGEST_TURN]
    .filter(({ name }) => !there.has(name))
    .map(({ name }) => `table ${place.project}.${place.dataset}.${name}`);
}

class BigQueryWarehouse implements Warehouse {
  readonly dialectName = 'bigquery';
  readonly preferredBatchSize = FULL_BATCH_SIZE;
  readonly #connection: Connection;
  readonly #maximumBytesBilled: number;
  readonly #appends: AppendQueue;
  /** Batches of one partition are appended in the order in which they were given. */
  readonly #turns = new Map<number, Serial>();
  /** By partition, as far as this process knows. */
  readonly #stored = new Map<number, bigint>();
  #isClosed = false;

  constructor(connection: Connection, options: BigQueryOptions) {
    this.#connection = connection;
    this.#maximumBytesBilled = options.maximumBytesBilled ?? 100 * GIB;
    const maximumBytesBilled = this.#maximumBytesBilled;
    const onProblem = options.onProblem ?? (() => undefined);
    this.#appends = new AppendQueue({
      append: (batches) => appendBatches({ connection, maximumBytesBilled, onProblem }, batches),
      everyMs: options.appendEveryMs ?? 10_000,
      fullBatchSize: FULL_BATCH_SIZE,
    });
  }

  /** @throws BigQueryBytesLimitError before anything is read, and other `BigQueryError`s; WarehouseQueryError */
  async query<R extends Row>(statement: Statement): Promise<readonly R[]> {
    this.#assertOpen();
    return await namingFailures(this.#connection, statement, async () => {
      await this.#checkBytes(statement);
      const jobId = `umpire_query_${randomUUID()}`;
      const maximumBytesBilled = this.#maximumBytesBilled;
      await submitOnce(this.#connection, jobId, () =>
        createQueryJob(this.#connection, { statement, jobId, maximumBytesBilled }),
      );
      return await readResults<R>(this.#connection, jobId);
    });
  }

  async execute(statements: readonly Statement[]): Promise<void> {
    this.#assertOpen();
    if (statements.length === 0) return;
    const statement = asScript(statements);
    await namingFailures(this.#connection, statement, async () => {
      const jobId = `umpire_execute_${randomUUID()}`;
      const maximumBytesBilled = this.#maximumBytesBilled;
      const { error } = await runJob(this.#connection, jobId, () =>
        createQueryJob(this.#connection, { statement, jobId, maximumBytesBilled }),
      );
      if (error !== undefined) throw error;
    });
  }

  async appendEvents(batch: EventBatch): Promise<number> {
    this.#assertOpen();
    const turn = this.#turns.get(batch.partition) ?? new Serial();
    this.#turns.set(batch.partition, turn);
    return await turn.run(() => this.#append(batch));
  }

  async #append(batch: EventBatch): Promise<number> {
    const stored = this.#stored.get(batch.partition) ?? (await this.ingestedOffset(batch.partition)) ?? 0n;
    if (batch.nextOffset <= stored) return 0;
    const unseen = { ...batch, events: batch.events.filter(({ offset }) => offset >= stored) };
    const about = { sql: '', parameters: {}, labels: { purpose: `appending events of partition ${batch.partition}` } };
    const added = await namingFailures(this.#connection, about, () => this.#appends.add(unseen));
    this.#stored.set(batch.partition, batch.nextOffset);
    return added;
  }

  async ingestedOffset(partition: number): Promise<bigint | undefined> {
    const statement = { sql: selectOffsets(), parameters: {}, labels: { purpose: 'ingest' } };
    const rows = await this.query<{ log_partition: number; next_offset: string }>(statement);
    const row = rows.find((stored) => stored.log_partition === partition);
    if (row === undefined) return undefined;
    const offset = BigInt(row.next_offset);
    this.#stored.set(partition, offset);
    return offset;
  }

  /** Waits for the appends at hand. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#appends.close();
  }

  async #checkBytes(statement: Statement): Promise<void> {
    const bytes = await dryRun(this.#connection, statement);
    if (bytes <= this.#maximumBytesBilled) return;
    const { purpose = 'a query', experiment } = statement.labels ?? {};
    throw new BigQueryBytesLimitError(
      `BigQuery, ${purpose}${experiment === undefined ? '' : ` of ${experiment}`}: it would read ${inGib(bytes)}, and ` +
        `${inGib(this.#maximumBytesBilled)} are allowed. Raise BIGQUERY_MAXIMUM_BYTES_BILLED, or ask for less: fewer days or fewer columns`,
    );
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('the warehouse is closed');
  }
}

function inGib(bytes: number): string {
  return `${(bytes / GIB).toLocaleString('en', { maximumFractionDigits: 2 })} GiB`;
}
