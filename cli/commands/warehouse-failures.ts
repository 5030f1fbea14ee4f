import { CommandFailure } from '../failures.ts';

/** Tells what kept work from a warehouse that others own. */
export async function reachedWarehouse<T>(work: () => Promise<T>): Promise<T> {
  const { RefusedSqlError, UnreachableWarehouseError, UnknownExperimentError, UnknownMetricError } =
    await import('../../connect/errors.ts');
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreachableWarehouseError)
      throw new CommandFailure('UNAVAILABLE', error.message, { cause: error });
    if (error instanceof RefusedSqlError)
      throw new CommandFailure('INVALID_ARGUMENT', `the SQL ${error.message}`, { cause: error });
    if (error instanceof UnknownExperimentError || error instanceof UnknownMetricError)
      throw new CommandFailure('NOT_FOUND', error.message, { cause: error });
    throw error;
  }
}
