import { UsageError } from '../failures.ts';

/** A time in ms since 1970 UTC. */
export function timeOf(option: string, text: string): number {
  const ms = Date.parse(text);
  if (/(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(ms)) return ms;
  throw new UsageError(`${option} must be ISO 8601 with offset, such as 2026-03-29T19:00:00+05:30, got "${text}"`);
}
