import { setTimeout as delay } from 'node:timers/promises';
import type { Row, Statement } from '../port.ts';
import { WarehouseQueryError } from '../query-error.ts';
import type { Connection } from './connection.ts';
import { failureOf, isAmbiguous, isDuplicate, isMissing, namedError } from './errors.ts';
import { queryParameters, rowOf, type ResultField, type ResultRow } from './values.ts';

const SUBMIT_ATTEMPTS = 4;
const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 2_000;
const PAGE_SIZE = 10_000;

/** How a job ended, and whether this call submitted it: a job of that id may be there from before. */
export interface JobEnd {
  readonly isOwn: boolean;
  /** BigQuery's `errorResult` in the form of an error of the client; `undefined`: it succeeded. */
  readonly error: Error | undefined;
}

export interface QueryJob {
  readonly statement: Statement;
  readonly jobId: string;
  /** At most so many bytes are read, else the job fails before it costs anything. */
  readonly maximumBytesBilled: number;
}

/** Submits a job and, where it is not known whether it arrived, asks for it by its id instead of hoping. Resolves with whether it is our own. */
export async function submitOnce(
  connection: Connection,
  jobId: string,
  submit: () => Promise<unknown>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await submit();
      return true;
    } catch (error) {
      const failure = failureOf(error);
      // The client itself sends a request again whose answer got lost, so our own job may be the duplicate.
      if (isDuplicate(failure)) return attempt > 1;
      if (!isAmbiguous(failure)) throw error;
      if ((await statusOf(connection, jobId)) !== undefined) return true;
      if (attempt === SUBMIT_ATTEMPTS) throw error;
      await delay(FIRST_POLL_MS * 4 ** attempt);
    }
  }
}

/** Submits a job if none of its id is there, and waits until it has ended, whoever submitted it. */
export async function runJob(connection: Connection, jobId: string, submit: () => Promise<unknown>): Promise<JobEnd> {
  const isOwn = await submitOnce(connection, jobId, submit);
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS)) {
    const status = await statusOf(connection, jobId);
    if (status === undefined) throw new Error(`job ${jobId} was submitted and is not there`);
    if (status.state === 'DONE') {
      const { errorResult } = status;
      if (errorResult === undefined) return { isOwn, error: undefined };
      return { isOwn, error: Object.assign(new Error(errorResult.message), { errors: [errorResult] }) };
    }
    await delay(pollMs);
  }
}

interface JobStatus {
  readonly state?: string;
  readonly errorResult?: { readonly reason?: string; readonly message?: string };
}

/** `undefined`: there is no such job. */
async function statusOf({ client, place }: Connection, jobId: string): Promise<JobStatus | undefined> {
  try {
    const [metadata] = (await client.job(jobId, { location: place.location }).getMetadata()) as [
      { readonly status?: JobStatus },
      unknown,
    ];
    return metadata.status ?? {};
  } catch (error) {
    if (isMissing(failureOf(error))) return undefined;
    throw error;
  }
}

/** Sends a query as a job; resolves when it is accepted. */
export async function createQueryJob(connection: Connection, job: QueryJob): Promise<void> {
  await connection.client.createJob({
    jobId: job.jobId,
    location: connection.place.location,
    configuration: {
      labels: labelsOf(job.statement),
      query: { ...queryOf(connection, job.statement), maximumBytesBilled: String(job.maximumBytesBilled) },
    },
  });
}

/** How many bytes a statement would read. Costs nothing. */
export async function dryRun(connection: Connection, statement: Statement): Promise<number> {
  const [, response] = await connection.client.createJob({
    location: connection.place.location,
    configuration: { dryRun: true, query: queryOf(connection, statement) },
  });
  return Number(response.statistics?.totalBytesProcessed ?? 0);
}

/** Reads a query's whole result, page by page, waiting for the query to end. */
export async function readResults<R extends Row>(connection: Connection, jobId: string): Promise<R[]> {
  const job = connection.client.job(jobId, { location: connection.place.location });
  const rows: R[] = [];
  let pageToken: string | undefined;
  for (;;) {
    const [page, , response] = await job.getQueryResults({
      autoPaginate: false,
      skipParsing: true,
      maxResults: PAGE_SIZE,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    if (response?.jobComplete === false) continue;
    const fields: readonly ResultField[] = response?.schema?.fields ?? [];
    for (const row of page as readonly ResultRow[]) rows.push(rowOf(fields, row) as R);
    pageToken = response?.pageToken;
    if (pageToken === undefined || pageToken === '') return rows;
  }
}

function queryOf({ place }: Connection, statement: Statement) {
  const parameters = queryParameters(statement);
  return {
    query: statement.sql,
    useLegacySql: false,
    defaultDataset: { projectId: place.project, datasetId: place.dataset },
    ...(parameters.length === 0 ? {} : { parameterMode: 'NAMED', queryParameters: parameters }),
  };
}

/** Labels take lower-case letters, digits, `_` and `-`, up to 63 of them. */
function labelsOf({ labels = {} }: Statement): Record<string, string> {
  const given = Object.entries({ application: 'third-umpire', ...labels });
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      value
        .toLowerCase()
        .replaceAll(/[^\p{Ll}\p{N}_-]/gu, '_')
        .slice(0, 63),
    ]),
  );
}

/** Gives a failure its name: one of BigQuery's own, else the statement is at fault. */
export async function namingFailures<T>(
  { place }: Connection,
  statement: Statement,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namedError(error, doing(statement), place) ?? new WarehouseQueryError(statement, error);
  }
}

function doing({ labels = {} }: Statement): string {
  const { purpose = 'a query', experiment } = labels;
  return experiment === undefined ? purpose : `${purpose} of ${experiment}`;
}
