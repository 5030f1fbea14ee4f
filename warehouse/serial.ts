/** Runs tasks one after the other, in the order in which they were given. A task that fails fails alone. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    // The caller sees the failure through `result`; the chain only waits for the end.
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
