const FIRST_MS = 100;

/** Exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): many clients do not come back at once. */
export function backoffMs(attempt: number, maxMs: number, random: () => number): number {
  return Math.floor(random() * Math.min(maxMs, FIRST_MS * 2 ** Math.min(attempt, 30)));
}
