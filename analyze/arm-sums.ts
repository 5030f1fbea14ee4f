import type { CovariateSums } from '../estimators/cuped.ts';
import type { AnalyzeOptions } from './analysis.ts';
import { AnalyzeError } from './analyze-error.ts';
import { columnSql, CSV_TABLE, ROW_NUMBER, type CsvInput } from './csv-input.ts';

/** What the estimators need of one file. */
export interface ArmSums {
  readonly labels: { readonly control: string; readonly treated: string };
  /** Sums over the deviations from `means`: sums of squares of values far from 0 would lose their digits. */
  readonly control: CovariateSums;
  readonly treated: CovariateSums;
  /** Means over the rows of both arms. */
  readonly means: { readonly y: number; readonly x: number };
  readonly rows: { readonly read: number; readonly used: number };
  readonly missing: readonly { readonly column: string; readonly rows: number }[];
}

/** @throws AnalyzeError where a column is missing, is not what it has to be, or an arm has fewer than two rows */
export async function readArmSums(input: CsvInput, options: AnalyzeOptions): Promise<ArmSums> {
  const columns = [options.treatment, options.outcome, ...(options.covariate === undefined ? [] : [options.covariate])];
  if (new Set(columns).size < columns.length)
    throw new AnalyzeError(`outcome, treatment and covariate must be different columns, got ${columns.join(', ')}`);
  for (const column of columns) columnSql(input, column);
  for (const column of columns.slice(1)) await assertNumeric(input, column);
  const labels = await readLabels(input, options);
  const missing = await countMissing(input, columns);
  const { read, used, mean_y: y, mean_x: x } = await centre(input, options);
  const sums = await sumsByArm(input, options, { y, x });
  const arm = (label: string): CovariateSums => {
    const found = sums.find((row) => row.label === label);
    const count = found?.count ?? 0;
    if (found !== undefined && count >= 2) return found;
    throw new AnalyzeError(
      `arm ${options.treatment} = ${label} of ${input.file} has ${count} complete rows; at least 2 are needed`,
    );
  };
  return {
    labels,
    control: arm(labels.control),
    treated: arm(labels.treated),
    means: { y, x },
    rows: { read, used },
    missing,
  };
}

async function assertNumeric(input: CsvInput, column: string): Promise<void> {
  const text = columnSql(input, column);
  const [bad] = await input.query<{ row_number: number; value: string }>(`
SELECT ${ROW_NUMBER} AS row_number, ${text} AS value FROM ${CSV_TABLE}
WHERE ${text} IS NOT NULL AND NOT COALESCE(isfinite(TRY_CAST(${text} AS DOUBLE)), FALSE)
ORDER BY row_number LIMIT 1`);
  if (bad === undefined) return;
  throw new AnalyzeError(
    `${input.file}, data row ${bad.row_number}, column "${column}": "${bad.value}" is not a finite number`,
  );
}

const BINARY: ReadonlyMap<string, 0 | 1> = new Map([
  ['0', 0],
  ['0.0', 0],
  ['false', 0],
  ['1', 1],
  ['1.0', 1],
  ['true', 1],
]);

async function readLabels(input: CsvInput, { treatment, control }: AnalyzeOptions): Promise<ArmSums['labels']> {
  const text = columnSql(input, treatment);
  const rows = await input.query<{ label: string }>(
    `SELECT DISTINCT ${text} AS label FROM ${CSV_TABLE} WHERE ${text} IS NOT NULL ORDER BY label LIMIT 6`,
  );
  const labels = rows.map(({ label }) => label);
  const [first, second] = labels;
  const found = `column "${treatment}" of ${input.file} holds ${labels.length > 5 ? 'more than 5 values, such as ' : ''}${
    labels
      .slice(0, 5)
      .map((label) => `"${label}"`)
      .join(', ') || 'no value'
  }`;
  if (first === undefined || second === undefined || labels.length !== 2)
    throw new AnalyzeError(`${found}; a treatment has exactly two values, one for each arm`);
  if (control !== undefined) {
    if (control === first) return { control: first, treated: second };
    if (control === second) return { control: second, treated: first };
    throw new AnalyzeError(`${found}, so control cannot be "${control}"`);
  }
  const [a, b] = [BINARY.get(first.toLowerCase()), BINARY.get(second.toLowerCase())];
  if (a === 0 && b === 1) return { control: first, treated: second };
  if (a === 1 && b === 0) return { control: second, treated: first };
  throw new AnalyzeError(`${found}; say which of them is control, or use 0 for control and 1 for treatment`);
}

async function countMissing(input: CsvInput, columns: readonly string[]): Promise<ArmSums['missing']> {
  const counts = columns.map((column, index) => `COUNT(*) - COUNT(${columnSql(input, column)}) AS c${index}`);
  const [row] = await input.query<Record<string, number>>(`SELECT ${counts.join(', ')} FROM ${CSV_TABLE}`);
  return columns.map((column, index) => ({ column, rows: row?.[`c${index}`] ?? 0 })).filter(({ rows }) => rows > 0);
}

/** One row per complete row of the file: label, y, x (0 without a covariate). */
function completeRows(input: CsvInput, { treatment, outcome, covariate }: AnalyzeOptions): string {
  const label = columnSql(input, treatment);
  const y = columnSql(input, outcome);
  const x = covariate === undefined ? "'0'" : columnSql(input, covariate);
  return `
  SELECT ${label} AS label, CAST(${y} AS DOUBLE) AS y, CAST(${x} AS DOUBLE) AS x FROM ${CSV_TABLE}
  WHERE ${label} IS NOT NULL AND ${y} IS NOT NULL AND ${x} IS NOT NULL`;
}

async function centre(input: CsvInput, options: AnalyzeOptions) {
  const [row] = await input.query<{ read: number; used: number; mean_y: number | null; mean_x: number | null }>(`
SELECT (SELECT COUNT(*) FROM ${CSV_TABLE}) AS read, COUNT(*) AS used, AVG(y) AS mean_y, AVG(x) AS mean_x
FROM (${completeRows(input, options)}) AS complete`);
  return { read: row?.read ?? 0, used: row?.used ?? 0, mean_y: row?.mean_y ?? 0, mean_x: row?.mean_x ?? 0 };
}

type ArmRow = Readonly<Record<keyof CovariateSums, number>> & { readonly label: string };

async function sumsByArm(
  input: CsvInput,
  options: AnalyzeOptions,
  means: ArmSums['means'],
): Promise<readonly ArmRow[]> {
  return await input.query<ArmRow>(
    `
SELECT
  label, COUNT(*) AS count,
  SUM(y) AS "sumY", SUM(y * y) AS "sumYY", SUM(x) AS "sumX", SUM(x * x) AS "sumXX", SUM(x * y) AS "sumXY"
FROM (SELECT label, y - $y AS y, x - $x AS x FROM (${completeRows(input, options)}) AS complete) AS centred
GROUP BY label`,
    means,
  );
}
