import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BigQueryAccessError,
  BigQueryBytesLimitError,
  BigQueryConflictError,
  BigQueryCredentialsError,
  BigQueryNotFoundError,
  BigQueryQuotaError,
  BigQueryUnavailableError,
  namedError,
} from './errors.ts';

const PLACE = { project: 'acme', dataset: 'events', location: 'EU' };

/** As the client gives them; the wording is that of BigQuery's documentation and of its answers. */
function failure(code: number | string | undefined, reason: string | null, message: string): Error {
  return Object.assign(new Error(message), { code, ...(reason === null ? {} : { errors: [{ reason, message }] }) });
}

const CASES = [
  [
    failure(
      403,
      'accessDenied',
      'Access Denied: Project acme: User does not have bigquery.jobs.create permission in project acme.',
    ),
    BigQueryAccessError,
    /^BigQuery, scorecard of upi_retry: Access Denied: .*acme\. Give the account that umpire runs as roles\/bigquery\.jobUser on project acme and roles\/bigquery\.dataEditor on dataset events/,
  ],
  [
    failure(403, 'accessNotConfigured', 'BigQuery API has not been used in project 1 before or it is disabled.'),
    BigQueryAccessError,
    /gcloud services enable bigquery/,
  ],
  [
    failure(403, 'quotaExceeded', 'Quota exceeded: Your project exceeded quota for free query bytes scanned.'),
    BigQueryQuotaError,
    /raise the quota.*UMPIRE_SCORECARD_EVERY_MS/,
  ],
  [
    failure(403, 'rateLimitExceeded', 'Exceeded rate limits: too many table update operations for this table.'),
    BigQueryQuotaError,
    /It is tried again/,
  ],
  [
    failure(
      undefined,
      'bytesBilledLimitExceeded',
      'Query exceeded limit for bytes billed: 1. 20971520 or higher required.',
    ),
    BigQueryBytesLimitError,
    /Raise BIGQUERY_MAXIMUM_BYTES_BILLED/,
  ],
  [
    failure(404, 'notFound', 'Not found: Dataset acme:events was not found in location EU'),
    BigQueryNotFoundError,
    /bq mk --location=EU --dataset acme:events/,
  ],
  [failure(404, 'notFound', 'Not found: Project acme'), BigQueryNotFoundError, /Correct BIGQUERY_PROJECT, now acme/],
  [
    failure(404, 'notFound', 'Not found: Table acme:events.t was not found in location EU'),
    BigQueryNotFoundError,
    /looked for in acme:events, location EU/,
  ],
  [
    failure(undefined, null, 'Could not load the default credentials. Browse to https://cloud.google.com'),
    BigQueryCredentialsError,
    /GOOGLE_APPLICATION_CREDENTIALS/,
  ],
  [failure(401, 'authError', 'Invalid Credentials'), BigQueryCredentialsError, /gcloud auth application-default login/],
  [
    failure(
      undefined,
      'invalidQuery',
      'Transaction is aborted due to concurrent update against table acme:events.ingest_turn.',
    ),
    BigQueryConflictError,
    /tried again/,
  ],
  [
    failure('ECONNREFUSED', null, 'connect ECONNREFUSED 127.0.0.1:9050'),
    BigQueryUnavailableError,
    /could not be reached/,
  ],
  [
    failure(503, 'backendError', 'Error encountered during execution. Retrying may solve the problem.'),
    BigQueryUnavailableError,
    /tried again/,
  ],
] as const;

for (const [error, kind, message] of CASES) {
  test(`${kind.name}: ${error.message.slice(0, 60)}`, () => {
    const named = namedError(error, 'scorecard of upi_retry', PLACE);
    assert.ok(named instanceof kind, String(named));
    assert.equal(named.name, kind.name);
    assert.match(named.message, message);
    assert.equal(named.cause, error);
  });
}

test('what lies in the statement has no name of its own', () => {
  assert.equal(namedError(failure(400, 'invalidQuery', 'Unrecognized name: nope'), 'a query', PLACE), undefined);
});
