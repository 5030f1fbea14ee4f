import { setTimeout as delay } from 'node:timers/promises';

export interface Repetition {
  /** Resolves when the run at hand is over. */
  stop(): Promise<void>;
}

/** A run that took long is followed by a rest this many times as long, so that watching never becomes the load. */
const REST_RATIO = 4;

/** Does something again and again, one run at a time, until it is stopped. A run that rejects is reported and tried again. */
export function repeat(
  run: () => Promise<void>,
  { everyMs, onError }: { readonly everyMs: number; readonly onError: (error: unknown) => void },
): Repetition {
  const stopping = new AbortController();
  const stopped = (async () => {
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      try {
        await run();
      } catch (error) {
        onError(error);
      }
      await rest(Math.max(everyMs, REST_RATIO * (performance.now() - startedAt)), stopping.signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await stopped;
    },
  };
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
