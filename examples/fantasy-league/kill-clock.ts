import type { FromSimulator } from './messages.ts';
import type { DemoResult } from './result.ts';

/** Measures how fast a harm is stopped. All times are of one machine's clock. */
export class KillClock {
  readonly #sdks: number;
  readonly #controlAtMs = new Map<number, number[]>();
  #firstHarmAtMs: number | null = null;

  constructor(sdks: number) {
    this.#sdks = sdks;
  }

  take(message: FromSimulator): void {
    if (message.kind === 'first-harm') this.#firstHarmAtMs = message.atMs;
    if (message.kind !== 'kill-served') return;
    this.#controlAtMs.set(message.client, [...(this.#controlAtMs.get(message.client) ?? []), message.atMs]);
  }

  timings(
    breachAtMs: number | null,
  ): Pick<
    DemoResult['timings'],
    'firstHarmfulExposureToBreachMs' | 'breachToLastControlMs' | 'sdksOnControl' | 'sdks'
  > {
    // A client may have given control before, while it had not yet heard of the first stage.
    const served = [...this.#controlAtMs.values()].flatMap(
      (times) => times.find((atMs) => breachAtMs !== null && atMs >= breachAtMs) ?? [],
    );
    const isComplete = served.length === this.#sdks;
    return {
      firstHarmfulExposureToBreachMs:
        breachAtMs === null || this.#firstHarmAtMs === null ? null : breachAtMs - this.#firstHarmAtMs,
      breachToLastControlMs: breachAtMs === null || !isComplete ? null : Math.max(...served) - breachAtMs,
      sdksOnControl: served.length,
      sdks: this.#sdks,
    };
  }
}
