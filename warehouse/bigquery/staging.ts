import type { EventBatch } from '../../event-bus/port.ts';
import type { Connection } from './connection.ts';
import { failureOf, isDuplicate, isMissing } from './errors.ts';
import { RAW_EVENTS } from './tables.ts';

/** What a crash leaves behind is gone by itself after a day. */
const STAGING_EXPIRES_MS = 86_400_000;

const SCHEMA = {
  fields: RAW_EVENTS.columns.map(({ name, type, isRequired }) => ({
    name,
    type,
    mode: isRequired ? 'REQUIRED' : 'NULLABLE',
  })),
};

/** Makes the staging table, if it is not there already. */
export async function createStaging({ dataset }: Connection, name: string): Promise<void> {
  try {
    const expirationTime = String(Date.now() + STAGING_EXPIRES_MS);
    await dataset.createTable(name, { schema: SCHEMA, expirationTime });
  } catch (error) {
    if (!isDuplicate(failureOf(error))) throw error;
  }
}

/** Sends a load job that makes these events the whole content of the staging table; resolves when it is accepted. */
export async function createLoadJob(
  { dataset }: Connection,
  job: { readonly jobId: string; readonly staging: string; readonly batches: readonly EventBatch[] },
): Promise<void> {
  const content = ndjson(job.batches);
  await new Promise<void>((resolve, reject) => {
    const stream = dataset.table(job.staging).createWriteStream({
      jobId: job.jobId,
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      schema: SCHEMA,
      createDisposition: 'CREATE_NEVER',
      writeDisposition: 'WRITE_TRUNCATE',
    });
    // The stream also follows the job to its end; that is asked for by id, so what it says later settles nothing.
    stream.once('job', () => resolve());
    stream.on('error', reject);
    stream.end(content);
  });
}

/** How many rows the staging table has; `undefined`: it is gone. */
export async function countStaged({ dataset }: Connection, name: string): Promise<number | undefined> {
  try {
    const [metadata] = (await dataset.table(name).getMetadata()) as [{ readonly numRows?: string }, unknown];
    return Number(metadata.numRows ?? 0);
  } catch (error) {
    if (isMissing(failureOf(error))) return undefined;
    throw error;
  }
}

export async function dropStaging({ dataset }: Connection, name: string): Promise<void> {
  try {
    await dataset.table(name).delete();
  } catch (error) {
    if (!isMissing(failureOf(error))) throw error;
  }
}

function ndjson(batches: readonly EventBatch[]): string {
  const lines: string[] = [];
  for (const { partition, events } of batches) for (const event of events) lines.push(line(partition, event));
  return lines.join('\n');
}

function line(partition: number, event: EventBatch['events'][number]): string {
  return JSON.stringify({
    event_id: event.eventId,
    event_type: event.eventType,
    schema_version: event.schemaVersion,
    user_id: event.userId,
    anonymous_id: event.anonymousId,
    occurred_at: timeOf(event.timestampMs),
    service_name: event.serviceName,
    experiment_key: event.experimentKey,
    epoch: event.epoch,
    variant: event.variant,
    decision_id: event.decisionId,
    properties: event.properties,
    ingested_at: timeOf(event.ingestedAtMs),
    log_partition: partition,
    // Beyond the whole numbers that JSON numbers hold exactly, text is read as a whole number too.
    log_offset: String(event.offset),
  });
}

function timeOf(ms: number): string {
  if (!Number.isInteger(ms)) throw new RangeError(`a time is a whole number of ms, got ${ms}`);
  return new Date(ms).toISOString();
}
