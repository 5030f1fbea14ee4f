export { RefusedSqlError, UnreachableWarehouseError } from '../warehouse/read-only/port.ts';

/** The document has no such metric or query, or several; the message names those that it has. */
export class UnknownMetricError extends Error {
  override readonly name = 'UnknownMetricError';
}

/** The document has no such experiment; the message names those that it has. */
export class UnknownExperimentError extends Error {
  override readonly name = 'UnknownExperimentError';
}
