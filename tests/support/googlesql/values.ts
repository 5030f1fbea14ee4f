import type { Row } from '../../../warehouse/port.ts';

/** The types that the platform's tables and parameters use. */
export type GoogleSqlType =
  'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'TIMESTAMP' | 'DATE' | 'JSON' | 'NUMERIC' | 'ARRAY<STRING>';

type SimpleType = Exclude<GoogleSqlType, 'ARRAY<STRING>'>;

const KINDS: Readonly<Record<SimpleType, string>> = {
  STRING: 'TYPE_STRING',
  INT64: 'TYPE_INT64',
  FLOAT64: 'TYPE_DOUBLE',
  BOOL: 'TYPE_BOOL',
  TIMESTAMP: 'TYPE_TIMESTAMP',
  DATE: 'TYPE_DATE',
  JSON: 'TYPE_JSON',
  NUMERIC: 'TYPE_NUMERIC',
};

/** A `zetasql.TypeProto`. */
export function typeProto(type: GoogleSqlType): object {
  if (type === 'ARRAY<STRING>') {
    return { typeKind: 'TYPE_ARRAY', arrayType: { elementType: typeProto('STRING') } };
  }
  return { typeKind: KINDS[type] };
}

/** A value as it is written into a table or a parameter: JSON as text, times as `Date`. */
export type GoogleSqlValue = string | number | bigint | boolean | Date | null | readonly string[];

/** A `zetasql.ValueProto`; one without a field is NULL. */
export function valueProto(value: GoogleSqlValue, type: GoogleSqlType): object {
  if (value === null) return {};
  if (value instanceof Date) return { timestampValue: timestampProto(value) };
  if (Array.isArray(value)) {
    return { arrayValue: { element: (value as readonly string[]).map((text) => ({ stringValue: text })) } };
  }
  switch (type) {
    case 'STRING':
      return { stringValue: String(value) };
    case 'JSON':
      return { jsonValue: String(value) };
    case 'INT64':
      return { int64Value: String(value) };
    case 'FLOAT64':
      return { doubleValue: Number(value) };
    case 'BOOL':
      return { boolValue: value };
    default:
      throw new RangeError(`a ${type} cannot be written from ${JSON.stringify(value)}`);
  }
}

function timestampProto(time: Date): object {
  const ms = time.getTime();
  const seconds = Math.floor(ms / 1_000);
  return { seconds: String(seconds), nanos: (ms - seconds * 1_000) * 1_000_000 };
}

/** What the evaluator answered, as a `Row` of the warehouse has it. */
export function rowOf(columns: readonly { readonly name: string }[], cells: readonly object[]): Row {
  return Object.fromEntries(columns.map(({ name }, index) => [name, plainValue(cells[index] ?? {})]));
}

function plainValue(cell: object): unknown {
  const fields = cell as Readonly<Record<string, unknown>>;
  const kind = fields['value'];
  if (typeof kind !== 'string') return null;
  const value = fields[kind];
  switch (kind) {
    case 'int64Value':
      return Number(value);
    case 'timestampValue': {
      const { seconds = '0', nanos = 0 } = value as { readonly seconds?: string; readonly nanos?: number };
      return new Date(Number(seconds) * 1_000 + nanos / 1_000_000);
    }
    case 'dateValue':
      return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
    case 'arrayValue':
      return (value as { readonly element: readonly object[] }).element.map(plainValue);
    default:
      return value;
  }
}
