import type { JsonObject, JsonValue } from './event.ts';

const MAX_DEPTH = 64;
/** Of one dead letter's payload, in UTF-16 units: more than a gRPC message may hold. */
const MAX_LENGTH = 8 * 1024 * 1024;

/**
 * A JSON copy of anything, for the dead letters: what JSON cannot carry is written as text (`NaN`, a bigint's digits), cycles
 * and extreme depth are cut with a note. An object stays one; anything else is wrapped as `{ value }`. Never throws.
 */
export function readableCopy(value: unknown): JsonObject {
  const budget = { left: MAX_LENGTH };
  let copy: JsonValue;
  try {
    copy = copyOf(value, 0, budget);
  } catch (error) {
    // A getter or proxy of the sender's may throw anything.
    copy = `(unreadable: ${error instanceof Error ? error.message : String(error)})`;
  }
  return isJsonObject(copy) ? copy : { value: copy };
}

function copyOf(value: unknown, depth: number, budget: { left: number }): JsonValue {
  if (budget.left <= 0) return '(cut: too large)';
  if (depth > MAX_DEPTH) return '(cut: too deep)';
  budget.left -= 8;
  if (typeof value === 'string') {
    const kept = value.slice(0, budget.left);
    budget.left -= kept.length;
    return kept;
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => copyOf(item, depth + 1, budget));
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object') return typeof value === 'function' ? '(function)' : 'undefined';
  // Defined, not assigned, so that a key named `__proto__` stays a key.
  const copy: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    budget.left -= key.length;
    const copied = copyOf(item, depth + 1, budget);
    Object.defineProperty(copy, key, { value: copied, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text that every store takes: without NUL and without half of a surrogate pair. */
export function readableText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\0', '\u{2400}');
}
