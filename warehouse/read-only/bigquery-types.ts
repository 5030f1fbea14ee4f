import type { ColumnKind } from './port.ts';

/** The names that the API uses, of both of its generations. */
const KINDS: Readonly<Record<string, ColumnKind>> = {
  STRING: 'text',
  INTEGER: 'integer',
  INT64: 'integer',
  FLOAT: 'number',
  FLOAT64: 'number',
  NUMERIC: 'number',
  BIGNUMERIC: 'number',
  BOOLEAN: 'boolean',
  BOOL: 'boolean',
  TIMESTAMP: 'instant',
  DATETIME: 'local-time',
  DATE: 'date',
};

/** A repeated column is a list, whatever its type. */
export function bigQueryColumnKind(type: string, mode: string): ColumnKind {
  return mode === 'REPEATED' ? 'other' : (KINDS[type] ?? 'other');
}
