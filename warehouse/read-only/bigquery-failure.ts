import { RefusedSqlError, UnreachableWarehouseError } from './port.ts';

/** What BigQuery answered, as a sentence with its remedy; any other error as it is. */
export function bigQueryFailure(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RefusedSqlError) return error;
  const reason = reasonOf(error);
  const message = error.message.split('\n')[0] ?? error.message;
  const remedy = reason === undefined ? undefined : REMEDIES[reason];
  if (remedy !== undefined) return new UnreachableWarehouseError(`BigQuery: ${message}. ${remedy}`, { cause: error });
  if (reason === 'invalidQuery' || reason === 'invalid') {
    return new RefusedSqlError(`${what} by BigQuery: ${message}`, { cause: error });
  }
  if (/default credentials|Could not load|ENOTFOUND|ECONNREFUSED|invalid_grant/i.test(error.message)) {
    return new UnreachableWarehouseError(
      `BigQuery cannot be asked: ${message}. Sign in with: gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS`,
      { cause: error },
    );
  }
  return error;
}

const REMEDIES: Readonly<Record<string, string>> = {
  accessDenied:
    'Give the account the roles BigQuery Job User (in connection.project) and BigQuery Data Viewer (on the dataset)',
  notFound: 'Check connection.project, connection.dataset, connection.location and the names of the tables',
  quotaExceeded: 'Wait until the quota is filled again, or raise it',
  rateLimitExceeded: 'Too many queries at once; ask again in a minute',
  bytesBilledLimitExceeded:
    'Read less (use @from_time and @to_time on the partition column), or raise connection.maximumBytesBilled',
  billingNotEnabled: 'Enable billing for connection.project',
};

function reasonOf(error: Error): string | undefined {
  const errors: unknown = 'errors' in error ? error.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null || !('reason' in first)) return undefined;
  return typeof first.reason === 'string' ? first.reason : undefined;
}
