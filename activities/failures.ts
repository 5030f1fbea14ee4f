import { ApplicationFailure } from '@temporalio/common';

/** Errors that trying again cannot mend. Everything else (a store that is down, a lost connection) is retried. */
const FINAL_ERRORS: ReadonlySet<string> = new Set([
  'ConflictError',
  'NotFoundError',
  'InvalidDefinitionError',
  'RangeError',
  'UnanswerableError',
]);

/** Wraps an activity so that errors which a retry cannot mend reach the workflow by name, at once. */
export function failingByName<Input extends readonly unknown[], Output>(
  activity: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    try {
      return await activity(...input);
    } catch (error) {
      if (!(error instanceof Error) || !FINAL_ERRORS.has(error.name)) throw error;
      throw ApplicationFailure.create({
        message: error.message,
        type: error.name,
        nonRetryable: true,
        cause: error,
      });
    }
  };
}
