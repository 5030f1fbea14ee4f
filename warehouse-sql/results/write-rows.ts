import type { Statement, StatementParameter } from '../../warehouse/port.ts';
import type { Dialect } from '../dialect.ts';
import { sqlType, type ResultColumn, type ResultTable } from './result-table.ts';

export type ResultValue = string | number | boolean | bigint | Date | null;
export type ResultRow = Readonly<Record<string, ResultValue>>;

/** Rows that replace those of the same group, such as all of an experiment's, unless newer ones are there. */
export interface Replacement {
  readonly table: ResultTable;
  /** All of one group and of one `as_of`. */
  readonly rows: readonly ResultRow[];
  /** The columns that name the group. */
  readonly group: readonly string[];
}

/**
 * Writes the newest rows of a group: running it again, or an older one later, changes nothing that matters. Both statements belong into
 * one transaction.
 */
export function replaceGroup(dialect: Dialect, { table, rows, group }: Replacement): readonly Statement[] {
  const [first] = rows;
  if (first === undefined) return [];
  const p = dialect.parameter;
  const groupColumns = [...group.map((name) => columnOf(table, name))];
  const isGroup = groupColumns.map(
    (column) => `${column.name} = ${valueSql(dialect, column, p(`group_${column.name}`))}`,
  );
  const parameters: Record<string, StatementParameter> = {
    ...Object.fromEntries(groupColumns.map(({ name }) => [`group_${name}`, parameterOf(first, name)])),
  };
  const remove = {
    sql: `DELETE FROM ${table.name}\nWHERE ${isGroup.join(' AND ')} AND as_of <= ${p('group_as_of')}`,
    parameters: { ...parameters, group_as_of: parameterOf(first, 'as_of') },
  };
  const isNewerThere = `SELECT 1 FROM ${table.name} AS kept WHERE ${isGroup.map((each) => `kept.${each}`).join(' AND ')}`;
  const { sql, parameters: values } = selectRows(dialect, table, rows);
  const names = table.columns.map(({ name }) => name).join(', ');
  const add = {
    sql: `INSERT INTO ${table.name} (${names})\nSELECT ${names}\nFROM (\n${sql}\n) AS written\nWHERE NOT EXISTS (${isNewerThere})`,
    parameters: { ...parameters, ...values },
  };
  return [remove, add];
}

/** Adds the rows whose key is not there yet. */
export function addMissing(dialect: Dialect, table: ResultTable, rows: readonly ResultRow[]): readonly Statement[] {
  if (rows.length === 0) return [];
  const { sql, parameters } = selectRows(dialect, table, rows);
  const names = table.columns.map(({ name }) => name).join(', ');
  const isThere = table.key.map((name) => `kept.${name} = written.${name}`).join(' AND ');
  return [
    {
      sql: `INSERT INTO ${table.name} (${names})\nSELECT ${names}\nFROM (\n${sql}\n) AS written
WHERE NOT EXISTS (SELECT 1 FROM ${table.name} AS kept WHERE ${isThere})`,
      parameters,
    },
  ];
}

function selectRows(dialect: Dialect, { columns }: ResultTable, rows: readonly ResultRow[]): Statement {
  const parameters: Record<string, StatementParameter> = {};
  const selects = rows.map((row, index) => {
    const values = columns.map((column) => {
      const value = parameterOf(row, column.name);
      // A NULL parameter has no type in BigQuery.
      if (value === null) return `CAST(NULL AS ${sqlType(dialect, column.type)}) AS ${column.name}`;
      const name = `${column.name}_${index}`;
      parameters[name] = value;
      return `${valueSql(dialect, column, dialect.parameter(name))} AS ${column.name}`;
    });
    return `  SELECT ${values.join(', ')}`;
  });
  return { sql: selects.join('\n  UNION ALL\n'), parameters };
}

/** Dates travel as text; a whole number would be bound as an integer also where the column holds fractions. */
function valueSql(dialect: Dialect, { type }: ResultColumn, value: string): string {
  return type === 'date' || type === 'number' ? `CAST(${value} AS ${sqlType(dialect, type)})` : value;
}

function columnOf(table: ResultTable, name: string): ResultColumn {
  const found = table.columns.find((column) => column.name === name);
  if (found === undefined) throw new RangeError(`${table.name} has no column ${name}`);
  return found;
}

function parameterOf(row: ResultRow, name: string): ResultValue {
  const value = row[name];
  if (value === undefined) throw new RangeError(`a row of results lacks ${name}`);
  return value;
}
