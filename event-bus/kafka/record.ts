import type { StoredEvent } from '../event.ts';
import type { FetchedRecord } from './committed.ts';

/** An event as a topic holds it, with its place. */
export type LogEvent = StoredEvent & { readonly offset: bigint };

/** A record that was not written by this platform, and is no event. */
export interface ForeignRecord {
  readonly offset: bigint;
  readonly reason: string;
  readonly text: string;
}

const TEXT_FIELDS = ['eventId', 'eventType', 'serviceName'] as const;
const NULLABLE_TEXT_FIELDS = ['userId', 'anonymousId', 'experimentKey', 'variant', 'decisionId'] as const;

/** Reads an event back. What this platform wrote was checked before; the form is looked at, because others may write to a topic too. */
export function decodeRecord({ offset, timestamp, value }: FetchedRecord): LogEvent | ForeignRecord {
  const text = value?.toString('utf8') ?? '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { offset: BigInt(offset), reason: 'event: the record is not JSON', text };
  }
  const problem = problemOf(parsed);
  if (problem !== undefined) return { offset: BigInt(offset), reason: problem, text };
  // In place: a copy of each event would cost as much as parsing it.
  return Object.assign(parsed as StoredEvent, { ingestedAtMs: Number(timestamp), offset: BigInt(offset) });
}

export function isEvent(record: LogEvent | ForeignRecord): record is LogEvent {
  return !('reason' in record);
}

function problemOf(parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null) return 'event: the record is not an object';
  const fields = parsed as Readonly<Record<string, unknown>>;
  for (const name of TEXT_FIELDS) {
    if (typeof fields[name] !== 'string') return `${name}: the record has no such text`;
  }
  for (const name of NULLABLE_TEXT_FIELDS) {
    const value = fields[name];
    if (value !== null && typeof value !== 'string') return `${name}: the record has neither a text nor null`;
  }
  if (typeof fields['timestampMs'] !== 'number') return 'timestampMs: the record has no such number';
  if (typeof fields['schemaVersion'] !== 'number') return 'schemaVersion: the record has no such number';
  const [epoch, properties] = [fields['epoch'], fields['properties']];
  if (epoch !== null && typeof epoch !== 'number') return 'epoch: the record has neither a number nor null';
  if (typeof properties !== 'object' || properties === null) return 'properties: the record has no such object';
  return undefined;
}
