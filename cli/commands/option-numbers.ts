import { UsageError } from '../failures.ts';

export function finite(option: string, text: string): number {
  const number = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new UsageError(`${option} must be a number, got "${text}"`);
}

export function positive(option: string, text: string): number {
  const number = finite(option, text);
  if (number > 0) return number;
  throw new UsageError(`${option} must be above 0, got "${text}"`);
}

interface Limits {
  /** A share that is allowed though it is not above 0. */
  readonly least?: 0;
  /** What a share is below; default 1. */
  readonly most?: number;
}

/** A share as 0.3 or 30%. */
export function shareOf(option: string, text: string, { least, most = 1 }: Limits = {}): number {
  const isPercent = text.trim().endsWith('%');
  const number = finite(option, isPercent ? text.trim().slice(0, -1) : text) / (isPercent ? 100 : 1);
  if ((number > 0 || number === least) && number < most) return number;
  const limits = most === 1 ? 'lie between 0 and 1 (or 0 % and 100 %)' : 'be at least 0';
  throw new UsageError(`${option} must ${limits}, got "${text}"`);
}
