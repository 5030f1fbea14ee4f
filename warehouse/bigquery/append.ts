import { createHash, randomUUID } from 'node:crypto';
import type { EventBatch } from '../../event-bus/port.ts';
import type { Row, Statement } from '../port.ts';
import { coveringSpans } from '../time-spans.ts';
import type { Connection } from './connection.ts';
import { failureOf, isMissing } from './errors.ts';
import { createQueryJob, readResults, runJob, submitOnce } from './jobs.ts';
import { appendStatements, countAppended, selectOffsets, type Append, type OffsetRange } from './sql.ts';
import { countStaged, createLoadJob, createStaging, dropStaging } from './staging.ts';

const MAX_SPANS = 16;
const DAY_MS = 86_400_000;
/** Job ids take 1,024 characters. */
const MAX_READABLE_LENGTH = 200;

export interface AppendOptions {
  readonly connection: Connection;
  readonly maximumBytesBilled: number;
  /** Told what went wrong without harm: a staging table that could not be dropped is gone by itself after a day. */
  readonly onProblem: (message: string, error: unknown) => void;
}

/**
 * Appends batches of different partitions in one go: a load job into a staging table, then one transaction that moves what is new and the
 * offsets with it. The ids of both jobs follow from the offsets, so a repetition finds what the first attempt did. Returns the number of
 * new rows by partition.
 */
export async function appendBatches(
  options: AppendOptions,
  batches: readonly EventBatch[],
): Promise<ReadonlyMap<number, number>> {
  const id = appendId(options.connection.place.dataset, batches);
  const append: Append = {
    staging: `staging_${id}`,
    stagedRows: batches.reduce((sum, { events }) => sum + events.length, 0),
    ranges: batches.map(rangeOf),
    spans: spansOf(batches),
  };
  await stage(options.connection, id, append, batches);
  const counts = await move(options, id, append);
  try {
    await dropStaging(options.connection, append.staging);
  } catch (error) {
    options.onProblem(`the staging table ${append.staging} could not be dropped`, error);
  }
  return counts;
}

/** Loads the events, unless a job of an earlier attempt did and its rows are still there. */
async function stage(
  connection: Connection,
  id: string,
  { staging, stagedRows }: Append,
  batches: readonly EventBatch[],
): Promise<void> {
  await createStaging(connection, staging);
  if (stagedRows === 0) return;
  await firstThatWorks(connection, `load_${id}`, (jobId) => createLoadJob(connection, { jobId, staging, batches }), {
    isEnough: async () => (await countStaged(connection, staging)) === stagedRows,
  });
}

/** Runs the transaction, unless an earlier attempt did, and asks how many rows it brought. */
async function move(options: AppendOptions, id: string, append: Append): Promise<ReadonlyMap<number, number>> {
  const { connection, maximumBytesBilled } = options;
  const count = statementOf(countAppended(append));
  const script = statementOf([...appendStatements(append), count.sql].join('\n;\n'));
  const jobId = await firstThatWorks(
    connection,
    `append_${id}`,
    (name) => createQueryJob(connection, { statement: script, jobId: name, maximumBytesBilled }),
    { isEnough: () => hasMoved(options, append) },
  );
  const rows = await readCounts(options, jobId, count);
  return new Map(rows.map(({ log_partition: partition, row_count: added }) => [partition, added]));
}

/** A job of the same name may have worked on a dataset that was deleted since, so the offsets are what counts. */
async function hasMoved(options: AppendOptions, { ranges }: Append): Promise<boolean> {
  const statement = statementOf(selectOffsets());
  const rows = await ask<OffsetRow>(options, statement);
  const stored = new Map(rows.map(({ log_partition: partition, next_offset: offset }) => [partition, BigInt(offset)]));
  return ranges.every(({ partition, to }) => (stored.get(partition) ?? 0n) >= to);
}

interface OffsetRow extends Row {
  readonly log_partition: number;
  readonly next_offset: string;
}

interface CountRow extends Row {
  readonly log_partition: number;
  readonly row_count: number;
}

/** A script's result is its last query's. It is kept for a day; after that it is counted again. */
async function readCounts(options: AppendOptions, jobId: string, count: Statement): Promise<readonly CountRow[]> {
  try {
    return await readResults<CountRow>(options.connection, jobId);
  } catch (error) {
    if (!isMissing(failureOf(error))) throw error;
  }
  return await ask<CountRow>(options, count);
}

async function ask<R extends Row>(
  { connection, maximumBytesBilled }: AppendOptions,
  statement: Statement,
): Promise<readonly R[]> {
  const jobId = `umpire_query_${randomUUID()}`;
  await submitOnce(connection, jobId, () => createQueryJob(connection, { statement, jobId, maximumBytesBilled }));
  return await readResults<R>(connection, jobId);
}

/**
 * Job ids cannot be used twice, so each attempt has the next one: `umpire_load_…_0`, `…_1`. A job of an earlier attempt that succeeded is taken
 * for done where it is still enough, one that failed is passed over, and one that still runs is waited for. Returns the id of the job that worked.
 */
async function firstThatWorks(
  connection: Connection,
  name: string,
  submit: (jobId: string) => Promise<void>,
  { isEnough }: { readonly isEnough: () => Promise<boolean> },
): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const jobId = `umpire_${name}_${attempt}`;
    const { isOwn, error } = await runJob(connection, jobId, () => submit(jobId));
    if (error === undefined && (await isEnough())) return jobId;
    if (isOwn) throw error ?? new Error(`job ${jobId} succeeded, and what it did is not to be seen`);
  }
}

/** Readable where it is short, and never the same for other events or another dataset: a log that was made anew begins at 0 again. */
function appendId(dataset: string, batches: readonly EventBatch[]): string {
  const digest = createHash('sha256').update(dataset);
  for (const { partition, events, nextOffset } of batches) {
    digest.update(`\n${partition}:${nextOffset}`);
    for (const { eventId } of events) digest.update(`\n${eventId}`);
  }
  const ranges = batches.map(rangeOf).map(({ partition, from, to }) => `p${partition}_${from}_${to}`);
  const readable = ranges.join('_');
  const kept = readable.length <= MAX_READABLE_LENGTH ? readable : `p${ranges.length}_partitions`;
  return `${kept}_${digest.digest('hex').slice(0, 16)}`;
}

function rangeOf({ partition, events, nextOffset }: EventBatch): OffsetRange {
  return { partition, from: events[0]?.offset ?? nextOffset, to: nextOffset };
}

function spansOf(batches: readonly EventBatch[]): Append['spans'] {
  const times = batches.flatMap(({ events }) => events.map(({ timestampMs }) => timestampMs));
  return times.length === 0 ? [] : coveringSpans(times, MAX_SPANS, DAY_MS);
}

function statementOf(sql: string): Statement {
  return { sql, parameters: {}, labels: { purpose: 'ingest' } };
}
