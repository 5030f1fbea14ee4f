import type { ParameterType, Row, Statement, StatementParameter } from '../port.ts';
import { safeNumber } from '../query-error.ts';

/** A parameter as BigQuery's API takes it: with its type, and its value as text. */
export interface QueryParameter {
  readonly name: string;
  readonly parameterType: { readonly type: string; readonly arrayType?: { readonly type: string } };
  readonly parameterValue: {
    readonly value?: string;
    readonly arrayValues?: { readonly value: string }[];
  };
}

/** @throws RangeError for a value that has no type in BigQuery */
export function queryParameters({ parameters, parameterTypes = {} }: Statement): QueryParameter[] {
  return Object.entries(parameters).map(([name, value]) => queryParameter(name, value, parameterTypes[name]));
}

function queryParameter(name: string, value: StatementParameter, declared: ParameterType | undefined): QueryParameter {
  if (Array.isArray(value)) {
    return {
      name,
      parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
      parameterValue: { arrayValues: (value as readonly string[]).map((item) => ({ value: item })) },
    };
  }
  const scalar = value as Exclude<StatementParameter, readonly string[]>;
  const type = declared ?? parameterType(scalar);
  // A value that is left out is NULL.
  return { name, parameterType: { type }, parameterValue: scalar === null ? {} : { value: asText(name, scalar) } };
}

/** Whole numbers that a number holds exactly are INT64, others FLOAT64; NULL is text where its type is not declared. */
export function parameterType(value: Exclude<StatementParameter, readonly string[]>): ParameterType {
  if (value instanceof Date) return 'TIMESTAMP';
  switch (typeof value) {
    case 'boolean':
      return 'BOOL';
    case 'bigint':
      return 'INT64';
    case 'number':
      return Number.isSafeInteger(value) ? 'INT64' : 'FLOAT64';
    default:
      return 'STRING';
  }
}

function asText(name: string, value: string | number | bigint | boolean | Date): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new RangeError(`parameter @${name} is an invalid Date`);
    return value.toISOString();
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RangeError(`parameter @${name} is ${value}; give a finite number`);
  }
  return String(value);
}

/** A field of a result's schema. */
export interface ResultField {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: string;
  readonly fields?: readonly ResultField[];
}

/** A row as the API gives it: the values in the order of the fields, each a text, a row, a list or null. */
export interface ResultRow {
  readonly f?: readonly { readonly v?: unknown }[];
}

/** A row as `Row` promises it. @throws UnsafeIntegerError, naming the column */
export function rowOf(fields: readonly ResultField[], { f: cells = [] }: ResultRow): Row {
  return Object.fromEntries(
    fields.map((field, index) => {
      const name = field.name ?? `f${index}_`;
      try {
        return [name, fieldValue(field, cells[index]?.v ?? null)];
      } catch (error) {
        throw new RangeError(`column ${name}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
    }),
  );
}

function fieldValue(field: ResultField, value: unknown): unknown {
  if (field.mode === 'REPEATED') {
    if (!Array.isArray(value)) return [];
    const element = { ...field, mode: 'NULLABLE' };
    return value.map((item: { readonly v?: unknown }) => fieldValue(element, item.v ?? null));
  }
  if (value === null) return null;
  if (field.type === 'RECORD' || field.type === 'STRUCT') return rowOf(field.fields ?? [], value as ResultRow);
  if (typeof value !== 'string')
    throw new TypeError(`BigQuery gave a ${typeof value} for a ${field.type ?? 'value'}; it gives text`);
  return scalarValue(field.type ?? '', value);
}

function scalarValue(type: string, text: string): unknown {
  switch (type) {
    case 'INTEGER':
    case 'INT64':
      return safeNumber(BigInt(text));
    case 'FLOAT':
    case 'FLOAT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return Number(text);
    case 'BOOLEAN':
    case 'BOOL':
      return text === 'true';
    case 'TIMESTAMP':
      return new Date(msOfMicros(BigInt(text)));
    case 'DATETIME':
      return new Date(`${text}Z`);
    case 'BYTES':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

/** Cuts off parts of a millisecond, towards the past: a time is never said to be later than it was. */
function msOfMicros(micros: bigint): number {
  const ms = micros / 1_000n;
  return Number(micros < 0n && micros % 1_000n !== 0n ? ms - 1n : ms);
}
