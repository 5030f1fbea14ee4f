import { open } from 'node:fs/promises';
import { didYouMean } from '../definitions/suggestion.ts';
import type { Row, Statement, Warehouse } from '../warehouse/port.ts';
import { AnalyzeError } from './analyze-error.ts';

/** Texts that stand for a missing value, beside an empty field. */
const MISSING_VALUES: readonly string[] = ['NA', 'N/A', 'NaN', 'nan', 'NULL', 'null', 'None'];

/** The rows of a CSV file as a table whose columns are all text, in the order of the file. */
export interface CsvInput {
  readonly file: string;
  readonly columns: readonly string[];
  query<R extends Row>(sql: string, parameters?: Statement['parameters']): Promise<readonly R[]>;
}

/** The table that `readCsv` makes, and its column that is 1 for the row after the header. */
export const CSV_TABLE = 'csv_rows';
export const ROW_NUMBER = '_umpire_row';

/**
 * Reads a CSV file with a header into an in-memory warehouse. Every column stays text, so that a value that is no number can be named
 * with its row instead of changing the type of its column.
 *
 * @throws AnalyzeError where the file is missing, empty, or no CSV
 */
export async function readCsv(warehouse: Warehouse, file: string): Promise<CsvInput> {
  const delimiter = delimiterOf(await readStart(file));
  const literal = `'${file.replaceAll("'", "''")}'`;
  const nulls = ['', ...MISSING_VALUES].map((text) => `'${text}'`).join(', ');
  const sql = `
-- One row per row of the file: every column as text (NULL where it is missing), ${ROW_NUMBER} in the file's order.
CREATE TABLE ${CSV_TABLE} AS
SELECT *, row_number() OVER () AS ${ROW_NUMBER}
FROM read_csv(${literal}, header = true, all_varchar = true, delim = '${delimiter}', quote = '"', escape = '"', nullstr = [${nulls}])`;
  try {
    await warehouse.execute([{ sql, parameters: {} }]);
  } catch (error) {
    throw new AnalyzeError(`${file} cannot be read as CSV with a header: ${firstLine(error)}`, { cause: error });
  }
  const described = await warehouse.query<{ column_name: string }>({
    sql: `SELECT column_name FROM duckdb_columns() WHERE table_name = '${CSV_TABLE}' ORDER BY column_index`,
    parameters: {},
  });
  return {
    file,
    columns: described.map(({ column_name: name }) => name).filter((name) => name !== ROW_NUMBER),
    query: (text, parameters = {}) => warehouse.query({ sql: text, parameters }),
  };
}

/** A column's name in SQL, as the file spells it. @throws AnalyzeError where the file has no such column */
export function columnSql({ file, columns }: CsvInput, column: string): string {
  if (columns.includes(column)) return `"${column.replaceAll('"', '""')}"`;
  const suggestion = didYouMean(column, columns);
  throw new AnalyzeError(
    `${file} has no column "${column}"${suggestion}; it has ${columns.map((name) => `"${name}"`).join(', ')}`,
  );
}

const START_BYTES = 65_536;

/** The beginning of the file, with its header. */
async function readStart(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      if (!(await handle.stat()).isFile()) throw new AnalyzeError(`${file} is no file`);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
      if (bytesRead === 0) throw new AnalyzeError(`${file} is empty; it needs a header and rows`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AnalyzeError) throw error;
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = isMissing ? 'there is no such file; check its path' : firstLine(error);
    throw new AnalyzeError(`${file} cannot be read: ${why}`, { cause: error });
  }
}

const DELIMITERS: readonly string[] = [',', ';', '\t', '|'];

/** What parts the header most often, outside of quotes; a comma where nothing does. Guessing from the rows would hide a broken one. */
function delimiterOf(start: string): string {
  const [header = ''] = start.replaceAll(/"[^"]*"/g, '').split(/\r?\n/, 1);
  const count = (delimiter: string): number => header.split(delimiter).length;
  return DELIMITERS.toSorted((a, b) => count(b) - count(a))[0] ?? ',';
}

/** DuckDB explains at length; its first lines name the problem and the line of the file. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (
    text
      .replace(/^warehouse: /, '')
      .split('\n')
      .slice(0, 2)
      .join(' ')
      .trim() || 'unknown cause'
  );
}
