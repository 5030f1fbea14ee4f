import type { NumericColumns } from '../duckdb-query.ts';
import type { Row } from '../port.ts';

/**
 * Rows that are all numbers as one array per column.
 *
 * @throws TypeError where a value is NULL or no number
 */
export function numericColumns(rows: readonly Row[]): NumericColumns {
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map((name) => {
    const values = new Float64Array(rows.length);
    for (const [index, row] of rows.entries()) {
      const value = row[name];
      if (typeof value !== 'number') throw new TypeError(`column ${name} holds ${String(value)}, which is no number`);
      values[index] = value;
    }
    return [name, values] as const;
  });
  return { rowCount: rows.length, columns: Object.fromEntries(columns) };
}
