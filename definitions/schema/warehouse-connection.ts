import { z } from 'zod';
import { fields } from './fields.ts';
import { sentence, text } from './primitives.ts';

/** A name that every engine takes without being escaped. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const PROJECT = /^[a-z][a-z0-9.:-]{3,62}$/;
const LOCATION = /^[A-Za-z0-9-]{2,32}$/;

export const columnName = text.regex(
  NAME,
  'is not a column name; use letters, digits and "_", beginning with a letter, and rename the column in the SQL by AS',
);

const files = z
  .union([sentence, z.array(sentence).min(1, 'is empty; name at least one file').max(1_000)], {
    error: 'is not a file name or a list of them; write one such as data/orders-*.parquet',
  })
  .transform((written) => (typeof written === 'string' ? [written] : written));

const tables = z
  .record(text.regex(NAME, 'is not a table name; use letters, digits and "_", beginning with a letter'), files)
  .refine((written) => Object.keys(written).length > 0, 'is empty; name at least one table');

const duckDb = fields({ engine: z.literal('duckdb'), file: sentence });
const parquet = fields({ engine: z.literal('parquet'), tables });
const bigQuery = fields({
  engine: z.literal('bigquery'),
  project: text.regex(PROJECT, 'is not a Google Cloud project id, such as acme-analytics'),
  dataset: text.regex(NAME, 'is not a BigQuery dataset, such as product_events'),
  location: text.regex(LOCATION, 'is not a BigQuery location, such as EU or asia-south1').nullable().default(null),
  maximumBytesBilled: z
    .int('must be a whole number of bytes')
    .positive('must be above 0')
    .default(100 * 2 ** 30),
});

export const connection = z.discriminatedUnion('engine', [duckDb, parquet, bigQuery], {
  error: (issue) =>
    issue.code === 'invalid_union' ? 'needs an engine; write one of "duckdb", "parquet", "bigquery"' : undefined,
});
