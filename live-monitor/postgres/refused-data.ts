import { UnprocessableEventError } from '../../event-bus/consumer/unprocessable-event-error.ts';

/** SQLSTATE class 22: data exception. Class 23: integrity constraint violation. */
const DATA_ERROR = /^2[23]...$/;

/** Runs a statement; where PostgreSQL refuses the data, and not the connection or the moment, the fault is an event's. */
export async function blamingEvents<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !DATA_ERROR.test(String(error.code))) throw error;
    throw new UnprocessableEventError(`PostgreSQL refuses it: ${error.message}`, { cause: error });
  }
}
