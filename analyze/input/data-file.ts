import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { didYouMean } from '../../definitions/suggestion.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';

/** A CSV or Parquet file, and how SQL reads its columns. */
export interface DataFile {
  readonly file: string;
  /** As the header spells them, in its order; one name may stand twice. */
  readonly columns: readonly string[];
  /** The table function that reads it. */
  readonly source: string;
  /** A column in SQL, by its place. */
  readonly sql: (index: number) => string;
  /** DuckDB's name of a column's type, by its place; CSV is all VARCHAR. */
  readonly typeName: (index: number) => string;
}

/** @throws AnalyzeError where there is no such file, it is empty, or it is neither CSV nor Parquet */
export async function openDataFile(warehouse: Warehouse, file: string): Promise<DataFile> {
  const start = await readStart(file);
  return start.toString('latin1', 0, 4) === 'PAR1' ? await openParquet(warehouse, file) : openCsv(file, start);
}

/**
 * The place of a named column.
 *
 * @throws AnalyzeError where the header has no such column, or has it twice
 */
export function columnIndex({ file, columns }: DataFile, name: string): number {
  const index = columns.indexOf(name);
  if (index === -1) {
    const offered = columns.map((column) => `"${column}"`).join(', ');
    throw new AnalyzeError(`${file} has no column "${name}"${didYouMean(name, columns)}; it has ${offered}`);
  }
  const second = columns.indexOf(name, index + 1);
  if (second === -1) return index;
  throw new AnalyzeError(
    `${file} has the column "${name}" twice in its header (columns ${index + 1} and ${second + 1}); rename one of them`,
  );
}

async function openParquet(warehouse: Warehouse, file: string): Promise<DataFile> {
  const source = `read_parquet(${literal(file)})`;
  const described = await readable(file, 'Parquet', () =>
    warehouse.query<{ column_name: string; column_type: string }>({
      sql: `DESCRIBE SELECT * FROM ${source}`,
      parameters: {},
    }),
  );
  const columns = described.map(({ column_name: name }) => name);
  return {
    file,
    columns,
    source,
    sql: (index) => `"${(columns[index] ?? '').replaceAll('"', '""')}"`,
    typeName: (index) => described[index]?.column_type ?? '',
  };
}

/** Columns are named by their place: headers hold anything, also one name twice. Nothing is guessed from the rows, or a broken one would not be named. */
function openCsv(file: string, start: Buffer): DataFile {
  const text = start.toString('utf8').replace(/^\uFEFF/, '');
  const delimiter = delimiterOf(text);
  const columns = headerOf(text, delimiter);
  const names = columns.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  return {
    file,
    columns,
    source: `read_csv(${literal(file)}, auto_detect = false, header = true, columns = {${names}}, delim = '${delimiter}', quote = '"', escape = '"')`,
    sql: (index) => `c${index}`,
    typeName: () => 'VARCHAR',
  };
}

/** The fields of the first line, which may be in quotes. */
function headerOf(text: string, delimiter: string): string[] {
  const fields = [''];
  let isQuoted = false;
  let previous = '';
  for (const character of text) {
    if (!isQuoted && (character === '\n' || character === '\r')) break;
    if (character === '"') {
      // Two quotes within quotes are one.
      if (!isQuoted && previous === '"') fields[fields.length - 1] += '"';
      isQuoted = !isQuoted;
    } else if (character === delimiter && !isQuoted) fields.push('');
    else fields[fields.length - 1] += character;
    previous = character;
  }
  return fields.map((field) => field.trim());
}

/** @throws AnalyzeError with what DuckDB says about the file */
export async function readable<T>(file: string, format: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new AnalyzeError(`${file} cannot be read as ${format}: ${firstLines(error)}`, { cause: error });
  }
}

const START_BYTES = 65_536;

/** The beginning of the file, unpacked where it is packed. */
async function readStart(file: string): Promise<Buffer> {
  try {
    if (!(await stat(file)).isFile()) throw new AnalyzeError(`${file} is no file`);
    const raw = createReadStream(file, { end: START_BYTES - 1 });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of path.extname(file) === '.gz' ? createReadStream(file).pipe(createGunzip()) : raw) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= START_BYTES) break;
    }
    if (bytes === 0) throw new AnalyzeError(`${file} is empty; it needs a header and rows`);
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof AnalyzeError) throw error;
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = isMissing ? 'there is no such file; check its path' : firstLines(error);
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

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB explains at length; its first lines name the problem and the line of the file. */
function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.replace(/^warehouse: /, '').split('\n');
  return lines.slice(0, 3).join(' ').trim() || 'unknown cause';
}
