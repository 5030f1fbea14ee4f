const DAY_MS = 86_400_000;
const MAX_REMEMBERED = 200_000;

/**
 * Remembers what was exposed today, so that each (unit, experiment, epoch, variant) is logged once a day. Bounded: when it is full it
 * starts anew, and the warehouse removes what is then logged twice.
 */
export class ExposureLog {
  #day = -1;
  #seen = new Set<string>();

  /** Returns whether this is the first time today. */
  isFirst(exposure: readonly (string | number)[], nowMs: number): boolean {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#day || this.#seen.size >= MAX_REMEMBERED) {
      this.#day = day;
      this.#seen = new Set();
    }
    const key = exposure.join('\u0000');
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  /** Takes an exposure back that could not be logged, so that the next one is. */
  forget(exposure: readonly (string | number)[]): void {
    this.#seen.delete(exposure.join('\u0000'));
  }
}
