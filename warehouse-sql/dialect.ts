import type { Row, Statement, StatementParameter } from '../warehouse/port.ts';

/**
 * The few places where DuckDB and BigQuery differ; everything else is text that both read. A transpiler was tried and was silently wrong in
 * too many places, so each difference has a name here and a test.
 */
export interface Dialect {
  readonly name: 'duckdb' | 'bigquery';
  /** Refers to a named parameter. */
  readonly parameter: (name: string) => string;
  /** A property of a JSON column as text; NULL where it is missing, JSON null, an object or an array. */
  readonly jsonText: (column: string, property: string) => string;
  /** A property of a JSON column as a double; NULL where it is missing or no number. */
  readonly jsonNumber: (column: string, property: string) => string;
  /** A property of a JSON column as a boolean; NULL where it is missing or no boolean. */
  readonly jsonBoolean: (column: string, property: string) => string;
  /** A JSON object inside a JSON column. */
  readonly jsonObject: (column: string, property: string) => string;
  /** An expression as a double. */
  readonly toDouble: (expression: string) => string;
  /** A time moved by a fixed number of ms, which may be negative. */
  readonly addMs: (time: string, ms: number) => string;
  /** A time as whole ms since 1970 UTC, rounded down. */
  readonly epochMs: (time: string) => string;
  /** A column of a foreign table, whatever word its name is. */
  readonly column: (name: string) => string;
  /** A JSON object of properties and text expressions. */
  readonly jsonRecord: (properties: readonly (readonly [name: string, text: string])[]) => string;
  /** The MD5 digest of a text, in hexadecimal digits. */
  readonly md5: (text: string) => string;
  /** A time or date that names no zone, as it was in the zone that the expression names, in UTC. */
  readonly localTimeToUtc: (time: string, zone: string) => string;
  /** A time that names its zone or offset, in UTC. */
  readonly instantToUtc: (time: string) => string;
}

const SAFE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** @throws RangeError for a name that would have to be escaped: property names go into paths */
export function safeName(name: string): string {
  if (SAFE_NAME.test(name)) return name;
  throw new RangeError(
    `"${name}" cannot be a property in SQL; use letters, digits and underscores, beginning with a letter`,
  );
}

export const duckDb: Dialect = {
  name: 'duckdb',
  parameter: (name) => `$${name}`,
  jsonText: (column, property) =>
    // Of a fraction BigQuery gives the shortest text, 1e-09, and not what was written.
    `CASE json_type(${column}, '$.${safeName(property)}') WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL ` +
    `WHEN 'DOUBLE' THEN CAST(CAST(json_extract(${column}, '$.${property}') AS DOUBLE) AS VARCHAR) ` +
    `ELSE json_extract_string(${column}, '$.${property}') END`,
  jsonNumber: (column, property) =>
    `CASE WHEN json_type(${column}, '$.${safeName(property)}') IN ('DOUBLE', 'BIGINT', 'UBIGINT', 'HUGEINT') ` +
    `THEN CAST(json_extract(${column}, '$.${property}') AS DOUBLE) END`,
  jsonBoolean: (column, property) =>
    `CASE WHEN json_type(${column}, '$.${safeName(property)}') = 'BOOLEAN' ` +
    `THEN CAST(json_extract(${column}, '$.${property}') AS BOOLEAN) END`,
  jsonObject: (column, property) => `json_extract(${column}, '$.${safeName(property)}')`,
  toDouble: (expression) => `CAST(${expression} AS DOUBLE)`,
  addMs: (time, ms) => `${time} + to_milliseconds(${whole(ms)})`,
  epochMs: (time) => `epoch_ms(${time})`,
  column: (name) => `"${safeName(name)}"`,
  jsonRecord: (properties) => `json_object(${pairs(properties)})`,
  md5: (text) => `md5(${text})`,
  localTimeToUtc: (time, zone) => `CAST(CAST(${time} AS TIMESTAMP) AT TIME ZONE ${zone} AS TIMESTAMP)`,
  instantToUtc: (time) => `CAST(${time} AS TIMESTAMP)`,
};

export const bigQuery: Dialect = {
  name: 'bigquery',
  parameter: (name) => `@${name}`,
  jsonText: (column, property) => `JSON_VALUE(${column}, '$.${safeName(property)}')`,
  jsonNumber: (column, property) =>
    `IF(JSON_TYPE(JSON_QUERY(${column}, '$.${safeName(property)}')) = 'number', ` +
    `CAST(JSON_VALUE(${column}, '$.${property}') AS FLOAT64), NULL)`,
  jsonBoolean: (column, property) =>
    `IF(JSON_TYPE(JSON_QUERY(${column}, '$.${safeName(property)}')) = 'boolean', ` +
    `CAST(JSON_VALUE(${column}, '$.${property}') AS BOOL), NULL)`,
  jsonObject: (column, property) => `JSON_QUERY(${column}, '$.${safeName(property)}')`,
  toDouble: (expression) => `CAST(${expression} AS FLOAT64)`,
  addMs: (time, ms) => `TIMESTAMP_ADD(${time}, INTERVAL ${whole(ms)} MILLISECOND)`,
  epochMs: (time) => `UNIX_MILLIS(${time})`,
  column: (name) => `\`${safeName(name)}\``,
  jsonRecord: (properties) => `JSON_OBJECT(${pairs(properties)})`,
  md5: (text) => `TO_HEX(MD5(${text}))`,
  localTimeToUtc: (time, zone) => `TIMESTAMP(${time}, ${zone})`,
  instantToUtc: (time) => time,
};

function pairs(properties: readonly (readonly [name: string, text: string])[]): string {
  return properties.map(([name, text]) => `'${safeName(name)}', ${text}`).join(', ');
}

function whole(ms: number): string {
  if (!Number.isSafeInteger(ms)) throw new RangeError(`a time span must be a whole number of ms, got ${ms}`);
  return String(ms);
}

/** A named query: a step on the way from raw events to a result. */
export interface Model {
  readonly name: string;
  /** Opens with its grain. */
  readonly sql: string;
}

/** A statement whose rows have a type. */
export interface TypedStatement<R extends Row> extends Statement {
  /** Only in the type. */
  readonly rowType?: R;
}

/** Puts models, in the order in which they build on each other, in front of a final query. */
export function compose<R extends Row>(
  models: readonly Model[],
  finalSql: string,
  parameters: Readonly<Record<string, StatementParameter>>,
): TypedStatement<R> {
  const steps = models.map(({ name, sql }) => `${name} AS (\n${sql.trim()}\n)`);
  return { sql: `WITH ${steps.join(',\n')}\n${finalSql.trim()}`, parameters };
}
