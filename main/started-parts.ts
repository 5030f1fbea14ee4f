/** The parts of a process as they are started, one after the other, each with its orderly end. */
export class StartedParts {
  readonly #ends: (() => Promise<void>)[] = [];

  /** Notes how a part ends that was just started, and returns it. */
  add<P>(part: P, end: (part: P) => Promise<void>): P {
    this.#ends.push(() => end(part));
    return part;
  }

  /** Ends all of them, the last one first. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** Starts a process of several parts. Where one of them cannot be started, those before it are ended. */
export async function startAll<Result>(
  start: (parts: StartedParts) => Promise<Result>,
): Promise<{ readonly started: Result; readonly parts: StartedParts }> {
  const parts = new StartedParts();
  try {
    return { started: await start(parts), parts };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}
