import { DuckDBInstance, DuckDBTimestampValue } from '@duckdb/node-api';
import { rm } from 'node:fs/promises';
import type { Event } from '../../event-bus/event.ts';
import { RAW_EVENTS_DDL } from '../../warehouse/raw-events-table.ts';
import { inBatches } from './workload.ts';

const COMMIT_SIZE = 5_000;

/** The floor of the warehouse: rows through DuckDB's appender into the table as it is, a commit every 5,000. Resolves with ms. */
export async function bareAppend(file: string, events: readonly Event[]): Promise<number> {
  await rm(file, { force: true });
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const sql of RAW_EVENTS_DDL) await connection.run(sql);
  const startedAtMs = performance.now();
  for (const batch of inBatches(events, COMMIT_SIZE)) {
    await connection.run('BEGIN TRANSACTION');
    const appender = await connection.createAppender('raw_events');
    for (const [offset, event] of batch.entries()) {
      const time = new DuckDBTimestampValue(BigInt(event.timestampMs) * 1_000n);
      appender.appendVarchar(event.eventId);
      appender.appendVarchar(event.eventType);
      appender.appendBigInt(1n);
      appender.appendVarchar(event.userId ?? '');
      appender.appendVarchar(event.anonymousId ?? '');
      appender.appendTimestamp(time);
      appender.appendVarchar(event.serviceName);
      for (let absent = 0; absent < 4; absent += 1) appender.appendNull();
      appender.appendVarchar(JSON.stringify(event.properties));
      appender.appendTimestamp(time);
      appender.appendBigInt(0n);
      appender.appendBigInt(BigInt(offset));
      appender.endRow();
    }
    appender.closeSync();
    await connection.run('COMMIT');
  }
  const tookMs = performance.now() - startedAtMs;
  connection.closeSync();
  instance.closeSync();
  return tookMs;
}
