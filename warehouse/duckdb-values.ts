import {
  DOUBLE,
  DuckDBListValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  JSDuckDBValueConverter,
  LIST,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  type JS,
} from '@duckdb/node-api';
import type { StatementParameter } from './port.ts';
import { safeNumber } from './query-error.ts';

/** Parameters as DuckDB binds them, with the types that cannot be inferred. */
export interface BoundParameters {
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType | undefined>;
}

/** Integers bind as the literal would (INTEGER, else BIGINT), other numbers as DOUBLE, dates as TIMESTAMP in UTC. */
export function bindParameters(parameters: Readonly<Record<string, StatementParameter>>): BoundParameters {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType | undefined> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value)) {
      values[name] = new DuckDBListValue([...(value as readonly string[])]);
      // The type of an empty list cannot be inferred.
      types[name] = LIST(VARCHAR);
    } else {
      values[name] = bindScalar(name, value as Exclude<StatementParameter, readonly string[]>);
      // A whole number beyond those that a number holds exactly is a double that happens to be whole.
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) types[name] = DOUBLE;
    }
  }
  return { values, types };
}

function bindScalar(name: string, value: Exclude<StatementParameter, readonly string[]>): DuckDBValue {
  if (value instanceof Date) {
    const ms = value.getTime();
    if (Number.isNaN(ms)) throw new RangeError(`parameter $${name} is an invalid Date`);
    return timestampFromMs(ms);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RangeError(`parameter $${name} is ${value}; give a finite number`);
  }
  return value;
}

/** @param ms since 1970 UTC; a whole number */
export function timestampFromMs(ms: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(ms) * 1000n);
}

/**
 * A DuckDB value as `Row` promises it: whole numbers of any width become `number` where that is exact, TIMESTAMP becomes `Date`, DATE the
 * text `YYYY-MM-DD`, DECIMAL and DOUBLE `number`, LIST an array, STRUCT an object, JSON and VARCHAR text.
 *
 * @throws UnsafeIntegerError
 */
export const rowValue: DuckDBValueConverter<JS> = (value, type, converter) => {
  if (value === null) return null;
  if (typeof value === 'bigint') return safeNumber(value);
  if (type.typeId === DuckDBTypeId.DATE) return String(value);
  return JSDuckDBValueConverter(value, type, converter);
};
