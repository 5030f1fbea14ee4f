import { randomUUID } from 'node:crypto';
import { status, type ServiceError } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { ConflictError, NotFoundError } from '../control-store/port.ts';
import { InvalidDefinitionError } from '../definitions/definition.ts';
import { EventLogBacklogError, EventLogUnavailableError } from '../event-bus/errors.ts';

/** A request that cannot be answered as it is. The message begins with the field's wire name. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
  }
}

/** Something that the service needs is away; the same request may succeed later. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** The one place where errors become gRPC statuses. What nobody foresaw is logged under an id, and only the id is told. */
export function statusOf(error: unknown, logger: Logger): Partial<ServiceError> {
  const known = knownCode(error);
  if (known !== undefined && error instanceof Error) return { code: known, details: error.message };
  const id = randomUUID();
  logger.error({ err: error, id }, 'a request failed unexpectedly');
  return {
    code: status.INTERNAL,
    details: `something failed that nobody foresaw; it is in the server's log under ${id}`,
  };
}

function knownCode(error: unknown): status | undefined {
  if (error instanceof InvalidRequestError || error instanceof InvalidDefinitionError) return status.INVALID_ARGUMENT;
  if (error instanceof NotFoundError) return status.NOT_FOUND;
  if (error instanceof ConflictError) return status.FAILED_PRECONDITION;
  if (error instanceof EventLogBacklogError) return status.UNAVAILABLE;
  if (error instanceof EventLogUnavailableError || error instanceof UnavailableError) return status.UNAVAILABLE;
  return isUnreachable(error) ? status.UNAVAILABLE : undefined;
}

const UNREACHABLE_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
]);

/** PostgreSQL or Temporal cannot be reached. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isUnreachable);
  if ('code' in error && (UNREACHABLE_CODES.has(error.code) || error.code === status.UNAVAILABLE)) return true;
  if (/Connection terminated|timeout exceeded when trying to connect|did not answer within/.test(error.message))
    return true;
  return isUnreachable(error.cause);
}
