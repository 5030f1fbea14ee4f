import type { KafkaMessage } from 'kafkajs';
import type { StoredEvent } from '../event.ts';

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
export function decodeRecord({ offset, timestamp, value }: KafkaMessage): LogEvent | ForeignRecord {
  const text = value?.toString('utf8') ?? '';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { offset: BigInt(offset), reason: 'event: the record is not JSON', text };
  }
  const problem = problemOf(parsed);
  if (problem !== undefined) return { offset: BigInt(offset), reason: problem, text };
  return { ...(parsed as StoredEvent), ingestedAtMs: Number(timestamp), offset: BigInt(offset) };
}

export function isEvent(record: LogEvent | ForeignRecord): record is LogEvent {
  return !('reason' in record);
}

function problemOf(parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null) return 'event: the record is not an object';
  const fields = new Map<string, unknown>(Object.entries(parsed));
  for (const name of TEXT_FIELDS) {
    if (typeof fields.get(name) !== 'string') return `${name}: the record has no such text`;
  }
  for (const name of NULLABLE_TEXT_FIELDS) {
    const value = fields.get(name);
    if (value !== null && typeof value !== 'string') return `${name}: the record has neither a text nor null`;
  }
  if (typeof fields.get('timestampMs') !== 'number') return 'timestampMs: the record has no such number';
  if (typeof fields.get('schemaVersion') !== 'number') return 'schemaVersion: the record has no such number';
  const [epoch, properties] = [fields.get('epoch'), fields.get('properties')];
  if (epoch !== null && typeof epoch !== 'number') return 'epoch: the record has neither a number nor null';
  if (typeof properties !== 'object' || properties === null) return 'properties: the record has no such object';
  return undefined;
}
