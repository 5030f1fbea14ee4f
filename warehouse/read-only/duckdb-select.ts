import type { DuckDBConnection } from '@duckdb/node-api';
import { RefusedSqlError } from './port.ts';

interface Parsed {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly { readonly named_param_map?: readonly { readonly key: string }[] }[];
}

/**
 * The names of the parameters of one SELECT, as DuckDB's own parser reads it: comments, quotes and whatever hides in them are its
 * business. Nothing is planned or run.
 *
 * @throws RefusedSqlError for anything but one SELECT
 */
export async function parametersOfSelect(connection: DuckDBConnection, sql: string): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(
    'SELECT json_serialize_sql($sql::VARCHAR, skip_default := true, skip_empty := true, skip_null := true)',
    { sql },
  );
  const { error, error_message: message = '', statements = [], position } = read(reader.getRows()[0]?.[0]);
  if (error && message.startsWith('Only SELECT')) throw new RefusedSqlError(NOT_A_SELECT);
  if (error) throw new RefusedSqlError(`is not SQL that DuckDB understands: ${message}${lineOf(sql, position)}`);
  const [statement] = statements;
  if (statement === undefined) throw new RefusedSqlError('holds no statement; write a SELECT');
  if (statements.length > 1) {
    throw new RefusedSqlError(`holds ${statements.length} statements; write one SELECT, with WITH for its steps`);
  }
  return (statement.named_param_map ?? []).map(({ key }) => key);
}

const NOT_A_SELECT =
  'is not a SELECT; umpire only reads, so COPY, ATTACH, PRAGMA, SET, PIVOT as a statement, and whatever changes data are refused';

function read(text: unknown): Parsed {
  if (typeof text !== 'string') throw new TypeError('json_serialize_sql answered without text');
  return JSON.parse(text) as Parsed;
}

/** The parser counts bytes from 0. */
function lineOf(sql: string, position: string | undefined): string {
  if (position === undefined) return '';
  const before = Buffer.from(sql).subarray(0, Number(position)).toString();
  return ` (line ${before.split('\n').length} of the SQL)`;
}
