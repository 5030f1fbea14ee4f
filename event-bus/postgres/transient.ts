import { backoffMs, pause } from '../pause.ts';

const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '57014', // query_canceled: the statement's time limit
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
]);

/** Whether PostgreSQL may well answer the same statement later: it is restarting, unreachable or out of resources. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isTransient)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Class 08: connection exceptions. Class 53: insufficient resources.
  if (TRANSIENT_CODES.has(code) || /^(08|53)...$/.test(code)) return true;
  return /Connection terminated|connection timeout|Client has encountered a connection error|not queryable/i.test(
    error.message,
  );
}

/** Runs a statement again while PostgreSQL is away, for at most `forMs` or until `signal` aborts. */
export async function retryTransient<T>(work: () => Promise<T>, forMs: number, signal?: AbortSignal): Promise<T> {
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const waitMs = backoffMs(attempt);
      if (!isTransient(error) || performance.now() - startedAt + waitMs > forMs) throw error;
      await pause(waitMs, signal);
      if (signal?.aborted === true) throw error;
    }
  }
}
