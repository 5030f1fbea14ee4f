/** Where a request went. */
export interface BigQueryPlace {
  readonly project: string;
  readonly dataset: string;
  readonly location?: string;
}

/** Something that BigQuery did not do; the message names what, and the remedy. */
export class BigQueryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
/** No account, or one that Google does not take. */
export class BigQueryCredentialsError extends BigQueryError {}
/** The account lacks a right. */
export class BigQueryAccessError extends BigQueryError {}
/** The project, the dataset or a table is missing. */
export class BigQueryNotFoundError extends BigQueryError {}
/** A quota is used up, or requests come too fast. */
export class BigQueryQuotaError extends BigQueryError {}
/** A query would read more than it may. */
export class BigQueryBytesLimitError extends BigQueryError {}
/** Another transaction changed the same table; trying again is right. */
export class BigQueryConflictError extends BigQueryError {}
/** It cannot be reached, or failed by itself; trying again is right. */
export class BigQueryUnavailableError extends BigQueryError {}

interface Reason {
  readonly reason: string;
  readonly message: string;
}

/** What is known of a failure of the client: `reason` is BigQuery's, empty where it has none. */
export interface Failure extends Reason {
  /** The HTTP status or the system's code, such as `ECONNREFUSED`. */
  readonly code: number | string | undefined;
}

/** Reads the client's errors and the `errorResult` of a job. */
export function failureOf(error: unknown): Failure {
  const { code, message, errors } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly errors?: unknown;
  };
  const first = Array.isArray(errors) ? (errors[0] as Partial<Reason> | undefined) : undefined;
  return {
    code: typeof code === 'number' || typeof code === 'string' ? code : undefined,
    reason: first?.reason ?? '',
    message: (typeof message === 'string' && message !== '' ? message : (first?.message ?? String(error))).trim(),
  };
}

const QUOTA = new Set([
  'quotaExceeded',
  'rateLimitExceeded',
  'jobRateLimitExceeded',
  'userRateLimitExceeded',
  'billingTierLimitExceeded',
]);
const UNAVAILABLE = new Set([
  'backendError',
  'internalError',
  'tableUnavailable',
  'timeout',
  'jobBackendError',
  'jobInternalError',
  'stopped',
]);
const NETWORK = /^(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM|UND_ERR)/;

/** Whether it is not known what became of a request: it never arrived, or its answer got lost. */
export function isAmbiguous({ code, reason }: Failure): boolean {
  if (reason !== '') return UNAVAILABLE.has(reason) && reason !== 'stopped';
  return code === undefined || (typeof code === 'number' ? code >= 500 : NETWORK.test(code));
}

export function isMissing({ code, reason }: Failure): boolean {
  return reason === 'notFound' || (reason === '' && code === 404);
}

export function isDuplicate({ code, reason }: Failure): boolean {
  return reason === 'duplicate' || (reason === '' && code === 409);
}

/**
 * The failure as an error with a name; `undefined`: it lies in the statement itself.
 *
 * @param doing what was being done, such as `reading raw_events`
 */
export function namedError(error: unknown, doing: string, place: BigQueryPlace): BigQueryError | undefined {
  if (error instanceof BigQueryError) return error;
  const failure = failureOf(error);
  const said = `BigQuery, ${doing}: ${firstLine(failure.message)}`;
  const options = { cause: error };
  if (isCredentials(failure)) return new BigQueryCredentialsError(`${said}. ${CREDENTIALS}`, options);
  if (failure.reason === 'bytesBilledLimitExceeded') {
    return new BigQueryBytesLimitError(`${said}. ${BYTES}`, options);
  }
  if (QUOTA.has(failure.reason) || failure.code === 429) return new BigQueryQuotaError(`${said}. ${QUOTAS}`, options);
  if (failure.reason === 'accessNotConfigured') {
    const remedy = `Enable the BigQuery API of project ${place.project}: gcloud services enable bigquery.googleapis.com`;
    return new BigQueryAccessError(`${said}. ${remedy}`, options);
  }
  if (failure.reason === 'accessDenied' || (failure.reason === '' && failure.code === 403)) {
    return new BigQueryAccessError(`${said}. ${rights(place)}`, options);
  }
  if (isMissing(failure)) return new BigQueryNotFoundError(`${said}. ${whatIsMissing(failure, place)}`, options);
  if (/concurrent (update|transaction)|transaction is aborted/i.test(failure.message)) {
    return new BigQueryConflictError(`${said}. Another writer was at the same table; it is tried again`, options);
  }
  if (isAmbiguous(failure) || UNAVAILABLE.has(failure.reason)) {
    return new BigQueryUnavailableError(
      `${said}. It could not be reached or failed by itself; it is tried again`,
      options,
    );
  }
  return undefined;
}

const CREDENTIALS =
  "Set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, run where a service account is attached, or run: gcloud auth application-default login";
const BYTES = 'Raise BIGQUERY_MAXIMUM_BYTES_BILLED, or ask for less: fewer days or fewer columns';
const QUOTAS =
  'It is tried again. If it lasts: raise the quota in the Google Cloud console (IAM & Admin, Quotas), or ask less often: UMPIRE_SCORECARD_EVERY_MS, BIGQUERY_APPEND_EVERY_MS';

function rights({ project, dataset }: BigQueryPlace): string {
  return (
    `Give the account that umpire runs as roles/bigquery.jobUser on project ${project} and ` +
    `roles/bigquery.dataEditor on dataset ${dataset} (docs/engines/bigquery.md)`
  );
}

function whatIsMissing({ message }: Failure, { project, dataset, location }: BigQueryPlace): string {
  if (/Dataset/i.test(message)) {
    const where = location ?? 'LOCATION';
    return `Make the dataset: bq mk --location=${where} --dataset ${project}:${dataset}; or correct BIGQUERY_PROJECT, BIGQUERY_DATASET or BIGQUERY_LOCATION`;
  }
  if (/Project/i.test(message)) return `Correct BIGQUERY_PROJECT, now ${project}: it is the project's id, not its name`;
  return `It is looked for in ${project}:${dataset}${location === undefined ? '' : `, location ${location}`}`;
}

function isCredentials({ code, message }: Failure): boolean {
  return (
    code === 401 || /default credentials|invalid_grant|invalid_client|unauthorized_client|private key/i.test(message)
  );
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/[.\s]+$/, '').slice(0, 500);
}
