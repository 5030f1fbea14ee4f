import { z } from 'zod';
import type { Event, JsonObject } from './event.ts';
import { readableCopy, readableText } from './readable-copy.ts';
import type { SchemaRegistry } from './schemas/registry.ts';

/** The largest `properties`, in UTF-16 units of JSON text. */
export const MAX_PROPERTIES_LENGTH = 64 * 1024;
export const MAX_PROPERTIES_DEPTH = 16;

const MAX_ID_LENGTH = 256;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

const text = z.string().min(1, 'must not be empty; absent is null').max(MAX_ID_LENGTH).nullable();

const envelope = z.strictObject({
  eventId: z.guid('must be a UUID'),
  eventType: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be lower snake case, at most 64 characters'),
  schemaVersion: z.int().min(1).max(2_147_483_647),
  userId: text,
  anonymousId: text,
  timestampMs: z
    .int('must be whole milliseconds since 1970')
    .min(EARLIEST_MS, 'is before the year 2000; it counts milliseconds, not seconds')
    .max(LATEST_MS, 'is after the year 2100; it counts milliseconds'),
  serviceName: z.string().min(1, 'must not be empty').max(MAX_ID_LENGTH),
  experimentKey: text,
  epoch: z.int().min(0).max(4_294_967_295).nullable(),
  variant: text,
  decisionId: text,
  properties: z.custom<JsonObject>(isObject, 'must be an object'),
});

const WIRE_NAMES: Readonly<Record<string, string>> = { timestampMs: 'timestamp' };

/** An event that fits, with its JSON text; or why it does not, with as much of it as could be read. */
export type CheckedEvent =
  | { readonly isValid: true; readonly event: Event; readonly json: string }
  | { readonly isValid: false; readonly eventId: string; readonly reason: string; readonly payload: JsonObject };

/** Checks anything that claims to be an event. Never throws. */
export function checkEvent(candidate: unknown, registry: SchemaRegistry): CheckedEvent {
  try {
    const result = checkForm(candidate);
    const problem = typeof result === 'string' ? result : registry.problemOf(result.event);
    if (problem === undefined && typeof result !== 'string') return { isValid: true, ...result };
    return refusal(candidate, problem ?? 'event: unknown problem');
  } catch (error) {
    // Getters and proxies of the caller's throw what they like.
    return refusal(candidate, `event: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refusal(candidate: unknown, reason: string): CheckedEvent {
  const payload = readableCopy(candidate);
  const { eventId } = payload;
  return {
    isValid: false,
    eventId: typeof eventId === 'string' ? eventId : '',
    reason: readableText(reason.slice(0, 2000)),
    payload,
  };
}

function checkForm(candidate: unknown): { event: Event; json: string } | string {
  const parsed = envelope.safeParse(candidate);
  if (!parsed.success) {
    const problems = new Map<string, string>();
    for (const { path, message } of parsed.error.issues) {
      const field = wireName(String(path[0] ?? 'event'));
      // The first problem of a field is its type; the others follow from it.
      if (!problems.has(field)) problems.set(field, `${field}: ${message}`);
    }
    return [...problems.values()].slice(0, 5).join('; ');
  }
  const jsonProblem = problemOfJson(parsed.data.properties, 'properties', 1);
  if (jsonProblem !== undefined) return jsonProblem;
  // One spelling per id, so that a redelivery in other letters is still the same event.
  const event: Event = { ...parsed.data, eventId: parsed.data.eventId.toLowerCase() };
  const json = JSON.stringify(event);
  if (json.length > MAX_PROPERTIES_LENGTH + 4096) {
    return `properties: ${json.length} characters of JSON; at most ${MAX_PROPERTIES_LENGTH} are taken`;
  }
  if (hasUnstorableText(json)) {
    return `${unstorableField(event)}: holds a NUL character or half of a surrogate pair, which no store can keep`;
  }
  return { event, json };
}

/** What JSON text cannot carry, by name; numbers that JSON would turn to null are the treacherous ones. */
function problemOfJson(value: unknown, place: string, depth: number): string | undefined {
  if (depth > MAX_PROPERTIES_DEPTH) return `${place.slice(0, 200)}: nested deeper than ${MAX_PROPERTIES_DEPTH} levels`;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${place}: ${value} is not a number that JSON can carry`;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const problem = problemOfJson(item, `${place}.${index}`, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  if (!isObject(value)) return `${place}: ${typeof value} is not JSON; send it as text`;
  for (const [key, item] of Object.entries(value)) {
    const problem = problemOfJson(item, `${place}.${key}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

// JSON.stringify writes NUL and lone surrogates as escapes; an even number of backslashes before one is text that looks like it.
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

function hasUnstorableText(json: string): boolean {
  return json.includes('\\u') && UNSTORABLE.test(json);
}

function unstorableField(event: Event): string {
  const field = Object.entries(event).find(([, value]) => hasUnstorableText(JSON.stringify(value)));
  return wireName(field?.[0] ?? 'event');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Fields are named as the envelope's wire form names them. */
function wireName(field: string): string {
  return WIRE_NAMES[field] ?? field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
