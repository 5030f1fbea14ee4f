import { z } from 'zod';
import { text, wholeNumber } from './kinds.ts';
import { needs, together, type Rule } from './rules.ts';

const GIB = 1_024 ** 3;

/** Settings of the warehouse in BigQuery. Without `BIGQUERY_PROJECT` the warehouse is the embedded one, a DuckDB file. */
export const bigQuerySettings = {
  /** The project that holds the dataset and pays for the jobs. Credentials are those of the environment (`GOOGLE_APPLICATION_CREDENTIALS`). */
  BIGQUERY_PROJECT: text().optional(),
  /** Has to exist; `umpire setup` makes the tables in it. */
  BIGQUERY_DATASET: z
    .string()
    .regex(/^\w{1,1024}$/, 'must be letters, digits and underscores, such as third_umpire')
    .optional(),
  /** Default: where the dataset is. */
  BIGQUERY_LOCATION: text().optional(),
  /** Another address of the API, such as an emulator's; no credentials are used then. */
  BIGQUERY_API_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be a URL, such as http://127.0.0.1:9050' })
    .optional(),
  /** No query may read more. */
  BIGQUERY_MAXIMUM_BYTES_BILLED: wholeNumber({ from: 10_485_760, unit: 'bytes', example: 100 * GIB }).default(
    100 * GIB,
  ),
  /** The shortest time between two appends of events: each costs a query over the days that it touches. */
  BIGQUERY_APPEND_EVERY_MS: wholeNumber({ from: 0, unit: 'ms', example: 10_000 }).default(10_000),
};

export const BIGQUERY_RULES: readonly Rule[] = [
  together(['BIGQUERY_PROJECT', 'BIGQUERY_DATASET'], 'a dataset lies in a project'),
  needs('BIGQUERY_LOCATION', 'BIGQUERY_PROJECT', 'it says where the dataset lies'),
  needs('BIGQUERY_API_ENDPOINT', 'BIGQUERY_PROJECT', 'the API is asked for a project'),
];
