/** A handler cannot take an event, and never will: the fault is the event's, so trying again does not help. */
export class UnprocessableEventError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnprocessableEventError';
  }
}

/** What a bug in a handler throws when it meets an event that it was not written for. */
export function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}

/** Whether a failure is an event's fault. Whatever else goes wrong is taken to pass, and tried again without end. */
export function isEventsFault(error: unknown): boolean {
  return error instanceof UnprocessableEventError || isBug(error);
}
