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
  /** A whole number below 2⁵² that stands for a text: its MD5 digest's first 13 hexadecimal digits. */
  readonly digestNumber: (text: string) => string;
  /** A time or date that names no zone, as it was in the zone that the expression names, in UTC. */
  readonly localTimeToUtc: (time: string, zone: string) => string;
  /** A time that names its zone or offset, in UTC. */
  readonly instantToUtc: (time: string) => string;
  /** The start of a time's UTC day, in ms since 1970 UTC. */
  readonly dayMs: (time: string) => string;
  /** Rows out of a parameter that holds a JSON array of objects, in parentheses, for a FROM. */
  readonly jsonRows: (parameter: string, columns: Readonly<Record<string, 'text' | 'integer'>>) => string;
  /** A JSON column made ready for several `parsedText` and `parsedWritten` of these properties; in DuckDB the JSON is read once for all of them. */
  readonly parsedJson: (
    column: string,
    properties: { readonly texts: readonly string[]; readonly written: readonly string[] },
  ) => string;
  /** What `jsonText` reads, out of what `parsedJson` made of the column. */
  readonly parsedText: (parsed: string, column: string, property: string) => string;
  /** A property that is JSON as the text that it is written as. */
  readonly parsedWritten: (parsed: string, column: string, property: string) => string;
  /** When an event happened and where it is in the log as one value, by which events are put in an order. */
  readonly placeKey: (time: string, partition: string, offset: string) => string;
  /** The partition and the offset that are in such a value. */
  readonly placePartition: (key: string) => string;
  readonly placeOffset: (key: string) => string;
  /** An expression of that row of a group whose key is the smallest. */
  readonly firstBy: (expression: string, key: string) => string;
  /** The second smallest value of a group; NULL where it has only one. */
  readonly secondLeast: (expression: string) => string;
  /** What texts are compared by where many are: equal for equal texts, and for others almost never. */
  readonly fingerprint: (text: string) => string;
  /** The fingerprints that occur more than once among rows, given from their FROM on. */
  readonly repeatedFingerprints: (text: string, from: string) => string;
}

/** More partitions than a log has, and more events than a partition. */
const PARTITIONS = 2 ** 20;
const OFFSETS = 2 ** 43;

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
  // A number is written as itself, text in quotes: only a number's text is one. Asking json_type first would read the JSON five times.
  jsonNumber: (column, property) =>
    `TRY_CAST(CAST(json_extract(${column}, '$.${safeName(property)}') AS VARCHAR) AS DOUBLE)`,
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
  digestNumber: (text) => `CAST(CONCAT('0x', left(md5(${text}), 13)) AS BIGINT)`,
  localTimeToUtc: (time, zone) => `CAST(CAST(${time} AS TIMESTAMP) AT TIME ZONE ${zone} AS TIMESTAMP)`,
  instantToUtc: (time) => `CAST(${time} AS TIMESTAMP)`,
  dayMs: (time) => `epoch_ms(date_trunc('day', ${time}))`,
  jsonRows: (parameter, columns) => {
    const types = { text: 'VARCHAR', integer: 'BIGINT' };
    const list = Object.entries(columns).map(
      ([name, type]) => `CAST(json_extract_string(item, '$.${safeName(name)}') AS ${types[type]}) AS ${name}`,
    );
    return `(SELECT ${list.join(', ')} FROM (SELECT UNNEST(from_json(CAST($${parameter} AS VARCHAR), '["JSON"]')) AS item) AS items)`;
  },
  parsedJson: (column, { texts, written }) => {
    const types = [
      ...texts.map((name) => [safeName(name), 'VARCHAR'] as const),
      ...written.map((name) => [safeName(name), 'JSON'] as const),
    ];
    return `from_json(${column}, '${JSON.stringify(Object.fromEntries(types))}')`;
  },
  parsedText: (parsed, column, property) => {
    const text = `${parsed}.${safeName(property)}`;
    // What may be an object, an array or a fraction is looked at again; ids and words seldom begin like one.
    return `CASE WHEN ${text} < ':' OR left(${text}, 1) = '[' OR left(${text}, 1) = '{' THEN ${duckDb.jsonText(column, property)} ELSE ${text} END`;
  },
  parsedWritten: (parsed, _column, property) => `CAST(${parsed}.${safeName(property)} AS VARCHAR)`,
  placeKey: (time, partition, offset) =>
    `(CAST(epoch_us(${time}) AS HUGEINT) * ${PARTITIONS} + ${partition}) * ${OFFSETS} + ${offset}`,
  placePartition: (key) => `CAST((${key} >> ${Math.log2(OFFSETS)}) & ${PARTITIONS - 1} AS BIGINT)`,
  placeOffset: (key) => `CAST(${key} & ${OFFSETS - 1} AS BIGINT)`,
  firstBy: (expression, key) => `arg_min_null(${expression}, ${key})`,
  secondLeast: (expression) => `min(${expression}, 2)[2]`,
  fingerprint: (text) => `hash(${text})`,
  repeatedFingerprints: (text, from) =>
    `SELECT fingerprint FROM (SELECT hash(${text}) AS fingerprint ${from}) AS fingerprints GROUP BY fingerprint HAVING COUNT(*) > 1`,
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
  digestNumber: (text) => `CAST(CONCAT('0x', LEFT(TO_HEX(MD5(${text})), 13)) AS INT64)`,
  localTimeToUtc: (time, zone) => `TIMESTAMP(${time}, ${zone})`,
  instantToUtc: (time) => time,
  dayMs: (time) => `UNIX_MILLIS(TIMESTAMP_TRUNC(${time}, DAY))`,
  jsonRows: (parameter, columns) => {
    const list = Object.entries(columns).map(([name, type]) => {
      const text = `JSON_VALUE(item, '$.${safeName(name)}')`;
      return `${type === 'text' ? text : `CAST(${text} AS INT64)`} AS ${name}`;
    });
    return `(SELECT ${list.join(', ')} FROM UNNEST(JSON_QUERY_ARRAY(@${parameter})) AS item)`;
  },
  parsedJson: (column) => column,
  parsedText: (parsed, _column, property) => bigQuery.jsonText(parsed, property),
  parsedWritten: (_parsed, column, property) => `TO_JSON_STRING(JSON_QUERY(${column}, '$.${safeName(property)}'))`,
  // Text of a fixed length, which is in the order of its numbers: years before 1970 count, too.
  placeKey: (time, partition, offset) =>
    `CONCAT(${padded(`UNIX_MICROS(${time}) + ${10 ** 17}`, 18)}, ${padded(partition, 7)}, ${padded(offset, 13)})`,
  placePartition: (key) => `CAST(SUBSTR(${key}, 19, 7) AS INT64)`,
  placeOffset: (key) => `CAST(SUBSTR(${key}, 26, 13) AS INT64)`,
  firstBy: (expression, key) => `ARRAY_AGG(${expression} ORDER BY ${key} LIMIT 1)[OFFSET(0)]`,
  secondLeast: (expression) => `ARRAY_AGG(${expression} ORDER BY ${expression} LIMIT 2)[SAFE_OFFSET(1)]`,
  fingerprint: (text) => text,
  repeatedFingerprints: (text, from) => `SELECT ${text} ${from} GROUP BY ${text} HAVING COUNT(*) > 1`,
};

function padded(number: string, length: number): string {
  return `LPAD(CAST(${number} AS STRING), ${length}, '0')`;
}

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
