import { DuckDBTypeId, type DuckDBConnection, type DuckDBResult } from '@duckdb/node-api';
import { bindParameters, rowValue } from './duckdb-values.ts';
import type { Row, Statement } from './port.ts';
import { WarehouseQueryError } from './query-error.ts';

/** Numeric columns of a result, for estimators. */
export interface NumericColumns {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** @throws WarehouseQueryError */
export async function readRows<R extends Row>(connection: DuckDBConnection, statement: Statement): Promise<R[]> {
  return await named(statement, async () => {
    const { values, types } = bindParameters(statement.parameters);
    const result = await connection.run(statement.sql, values, types);
    const names = result.deduplicatedColumnNames();
    const columnTypes = result.columnTypes();
    const rows: R[] = [];
    for (const items of await result.getRows()) {
      const row: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) {
        const type = columnTypes[index];
        const item = items[index];
        if (type === undefined || item === undefined) throw new Error(`column ${name} has no value`);
        row[name] = inColumn(name, () => rowValue(item, type, rowValue));
      }
      rows.push(row as R);
    }
    return rows;
  });
}

const NUMERIC_TYPES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
]);

/**
 * Streams a result into one Float64Array per column, without a row object. Booleans become 0 and 1.
 *
 * @throws WarehouseQueryError where a column is not numeric or holds NULL
 */
export async function readColumns(connection: DuckDBConnection, statement: Statement): Promise<NumericColumns> {
  return await named(statement, async () => {
    const { values, types } = bindParameters(statement.parameters);
    const result = await connection.stream(statement.sql, values, types);
    const names = numericColumnNames(result);
    let capacity = 4096;
    let arrays = names.map(() => new Float64Array(capacity));
    let rowCount = 0;
    for await (const chunk of result) {
      if (rowCount + chunk.rowCount > capacity) {
        capacity = Math.max(capacity * 2, rowCount + chunk.rowCount);
        arrays = arrays.map((array) => grown(array, capacity));
      }
      for (const [index, array] of arrays.entries()) {
        const name = names[index] ?? '';
        const vector = chunk.getColumnVector(index);
        for (let row = 0; row < chunk.rowCount; row += 1) array[rowCount + row] = toNumber(name, vector.getItem(row));
      }
      rowCount += chunk.rowCount;
    }
    const columns: Record<string, Float64Array> = {};
    for (const [index, name] of names.entries())
      columns[name] = (arrays[index] ?? new Float64Array()).slice(0, rowCount);
    return { rowCount, columns };
  });
}

function numericColumnNames(result: DuckDBResult): string[] {
  const names = result.deduplicatedColumnNames();
  for (const [index, type] of result.columnTypes().entries()) {
    if (NUMERIC_TYPES.has(type.typeId)) continue;
    throw new TypeError(`column ${names[index]} is ${type.toString()}, not numeric; cast it or leave it out`);
  }
  return names;
}

function grown(array: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(array);
  return larger;
}

function toNumber(column: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (value === null) throw new TypeError(`column ${column} holds NULL; filter or COALESCE it in the query`);
  if (typeof value === 'object' && 'toDouble' in value && typeof value.toDouble === 'function') {
    return Number(Reflect.apply(value.toDouble, value, []));
  }
  throw new TypeError(`column ${column} holds a value that is not a number`);
}

function inColumn<T>(column: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw new Error(`column ${column}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function named<T>(statement: Statement, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new WarehouseQueryError(statement, error);
  }
}
