import { setTimeout as delay } from 'node:timers/promises';

const DELAYS_MS = [50, 200, 500, 1_000, 2_000] as const;

const TRANSIENT_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);

/**
 * Does it again after a lost connection, for about four seconds: as long as PostgreSQL takes to restart. Only for what may be done
 * twice; a write may have been committed although its answer was lost.
 */
export async function withRetry<T>(operation: () => Promise<T>): Promise<T> {
  for (const delayMs of DELAYS_MS) {
    try {
      return await operation();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await delay(delayMs);
    }
  }
  return await operation();
}

/** Whether the connection or the server failed, not the statement. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isTransient);
  if ('code' in error && typeof error.code === 'string') {
    return TRANSIENT_CODES.has(error.code) || error.code.startsWith('08');
  }
  // The driver gives these no code.
  return /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect/.test(
    error.message,
  );
}
