import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { columnIndex, readable, type DataFile } from './data-file.ts';

/** The table that `loadRows` makes: one row per row of the file, in its order (`rowid + 1` is the number of the data row). */
export const FILE_ROWS = 'file_rows';

/** The columns that an analysis reads. */
export interface NeededColumns {
  /** Kept as text: who, which arm, which segment. */
  readonly texts: readonly string[];
  /** Read as numbers; true and false are 1 and 0. */
  readonly numbers: readonly string[];
  /** Read as points in time. */
  readonly times: readonly string[];
}

/** The needed columns of a file as a table of the warehouse. */
export interface FileRows {
  readonly file: string;
  readonly rowCount: number;
  readonly warehouse: Warehouse;
  /** SQL of a column as text, NULL where it is empty. */
  text(column: string): string;
  /** SQL of a column as a finite number, NULL where it is missing. */
  number(column: string): string;
  /** SQL of a column as a TIMESTAMP, NULL where it is missing. */
  time(column: string): string;
}

/** Texts that stand for a missing number, beside an empty field; in lower case. */
export const MISSING_TEXTS = "('', 'na', 'n/a', 'nan', '-nan', 'null', 'none')";

/**
 * Reads the needed columns of a file once into a table of the warehouse. A number that is none keeps its text beside it, so that it can be
 * named with its row.
 *
 * @throws AnalyzeError where a column is not there, or holds what is no number or no time
 */
export async function loadRows(warehouse: Warehouse, data: DataFile, needed: NeededColumns): Promise<FileRows> {
  const texts = placesOf(data, needed.texts);
  const numbers = placesOf(data, needed.numbers);
  const times = placesOf(data, needed.times);
  const columns = [
    ...texts.map(([, index]) => `${textSql(data, index)} AS t${index}`),
    ...numbers.flatMap(([name, index]) => numberColumns(data, name, index)),
    ...times.flatMap(([, index]) => timeColumns(data, index)),
  ];
  const sql = `
-- One row per row of the file, in its order: t = text, n = number, d = time, b and e = the text of what is no number or no time.
CREATE TABLE ${FILE_ROWS} AS SELECT ${columns.join(', ')} FROM ${data.source}`;
  await readable(data.file, 'a table', () => warehouse.execute([{ sql, parameters: {} }]));
  const rows: FileRows = {
    file: data.file,
    rowCount: await countRows(warehouse),
    warehouse,
    text: (column) => `t${columnIndex(data, column)}`,
    number: (column) => `n${columnIndex(data, column)}`,
    time: (column) => `d${columnIndex(data, column)}`,
  };
  if (rows.rowCount === 0) throw new AnalyzeError(`${data.file} has a header and no rows`);
  for (const [name, index] of numbers)
    await refuseFirst(
      rows,
      name,
      `b${index}`,
      `b${index} IS NOT NULL AND lower(b${index}) NOT IN ${MISSING_TEXTS}`,
      'a finite number',
    );
  for (const [name, index] of times)
    await refuseFirst(rows, name, `e${index}`, `e${index} IS NOT NULL`, 'a date or time');
  return rows;
}

/** How many rows lack a number, and the first of them (1 is the row after the header); null where none does. */
export async function findMissing(
  { warehouse }: FileRows,
  sqlOfColumn: string,
): Promise<{ readonly rowCount: number; readonly firstRow: number } | null> {
  const [found] = await warehouse.query<{ row_count: number; first_row: number | null }>({
    sql: `SELECT COUNT(*) AS row_count, MIN(rowid) + 1 AS first_row FROM ${FILE_ROWS} WHERE ${sqlOfColumn} IS NULL`,
    parameters: {},
  });
  return found === undefined || found.first_row === null
    ? null
    : { rowCount: found.row_count, firstRow: found.first_row };
}

/** @throws AnalyzeError for the first row where `condition` holds: "FILE, data row N, column C: VALUE is not WANTED" */
export async function refuseFirst(
  { file, warehouse }: FileRows,
  column: string,
  valueSql: string,
  condition: string,
  wanted: string,
): Promise<void> {
  const [bad] = await warehouse.query<{ row_number: number; value: string | null; row_count: number }>({
    sql: `
SELECT MIN(rowid) + 1 AS row_number, CAST(arg_min(${valueSql}, rowid) AS VARCHAR) AS value, COUNT(*) AS row_count
FROM ${FILE_ROWS} WHERE ${condition} HAVING COUNT(*) > 0`,
    parameters: {},
  });
  if (bad === undefined) return;
  const others = bad.row_count === 1 ? '' : `, and so it is in ${bad.row_count - 1} more rows`;
  throw new AnalyzeError(
    `${file}, data row ${bad.row_number}, column "${column}": "${bad.value ?? ''}" is not ${wanted}${others}`,
  );
}

function placesOf(data: DataFile, names: readonly string[]): (readonly [string, number])[] {
  return [...new Set(names)].map((name) => [name, columnIndex(data, name)] as const);
}

function textSql(data: DataFile, index: number): string {
  return `NULLIF(trim(CAST(${data.sql(index)} AS VARCHAR)), '')`;
}

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN)$/;

function numberColumns(data: DataFile, name: string, index: number): string[] {
  const type = data.typeName(index);
  const column = data.sql(index);
  if (NUMERIC.test(type)) {
    const value = `CAST(${column} AS DOUBLE)`;
    return [
      `CASE WHEN isfinite(${value}) THEN ${value} END AS n${index}`,
      `CASE WHEN NOT isfinite(${value}) THEN CAST(${column} AS VARCHAR) END AS b${index}`,
    ];
  }
  if (type !== 'VARCHAR')
    throw new AnalyzeError(`${data.file}, column "${name}" is of type ${type}, which is no number`);
  const text = textSql(data, index);
  const value = `CASE lower(${text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE TRY_CAST(${text} AS DOUBLE) END`;
  const isNumber = `COALESCE(isfinite(${value}), FALSE)`;
  return [
    `CASE WHEN ${isNumber} THEN ${value} END AS n${index}`,
    `CASE WHEN NOT ${isNumber} THEN ${text} END AS b${index}`,
  ];
}

function timeColumns(data: DataFile, index: number): string[] {
  const text = textSql(data, index);
  const value = `TRY_CAST(${text} AS TIMESTAMP)`;
  return [`${value} AS d${index}`, `CASE WHEN ${value} IS NULL THEN ${text} END AS e${index}`];
}

async function countRows(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query<{ row_count: number }>({
    sql: `SELECT COUNT(*) AS row_count FROM ${FILE_ROWS}`,
    parameters: {},
  });
  return row?.row_count ?? 0;
}
