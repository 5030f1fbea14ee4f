import { setTimeout as delay } from 'node:timers/promises';

/** A running part, such as a server that is not ours. */
export interface Part {
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export interface KeptPart<P extends Part> {
  /** As it runs now. */
  current(): P;
  stop(): Promise<void>;
}

const RESTART_MS = 500;

/** Starts a part, and starts it again whenever it ends by itself; `onCrash` is told each time. */
export async function keepPart<P extends Part>(
  name: string,
  start: () => Promise<P>,
  onCrash: (message: string) => void,
): Promise<KeptPart<P>> {
  let current = await start();
  let isStopping = false;
  let restarting: Promise<void> | undefined;
  const watch = (part: P): void => {
    void part.ended.then(() => {
      if (isStopping) return;
      onCrash(`${name} ended by itself; it is started again`);
      restarting = restart();
    });
  };
  const restart = async (): Promise<void> => {
    while (!isStopping) {
      await delay(RESTART_MS);
      try {
        current = await start();
      } catch (error) {
        onCrash(`${name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
        continue;
      }
      if (!isStopping) watch(current);
      return;
    }
  };
  watch(current);
  return {
    current: () => current,
    stop: async () => {
      isStopping = true;
      await restarting;
      await current.stop();
    },
  };
}
