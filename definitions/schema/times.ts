import { DateTime, IANAZone } from 'luxon';
import { text } from './primitives.ts';

export const timeZone = text.refine(
  (value) => IANAZone.isValidZone(value),
  'is not an IANA time zone; write one such as Asia/Kolkata, Europe/Berlin or UTC',
);

/** A moment, as text. */
export const instant = text.refine(
  isInstant,
  'is not an ISO 8601 time with offset, such as "2026-03-29T19:00:00+05:30"',
);

export function isInstant(value: string): boolean {
  return /(?:Z|[+-]\d{2}:\d{2})$/.test(value) && DateTime.fromISO(value, { setZone: true }).isValid;
}
