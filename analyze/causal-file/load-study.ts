import type { Placebo, RawColumn, RawStudy } from '../../causal/study/raw-column.ts';
import type { DuckDbWarehouse } from '../../warehouse/duckdb.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { openDataFile } from '../input/data-file.ts';
import { FILE_ROWS, loadRows, MISSING_TEXTS, refuseFirst, type FileRows } from '../input/file-rows.ts';

/** The roles that the columns of a file play. */
export interface FileRoles {
  readonly file: string;
  readonly treatment: string;
  /** The label of the treated; null: the column holds 1 and 0, or true and false. */
  readonly treated: string | null;
  readonly outcome: string;
  readonly covariates: readonly string[];
  readonly segments: readonly string[];
  /** Columns from before the treatment that are like the outcome. */
  readonly placeboOutcomes: readonly string[];
  /** Outcomes that the treatment does not reach. */
  readonly negativeControls: readonly string[];
}

export interface LoadedStudy {
  readonly raw: RawStudy;
  readonly fileRowCount: number;
  /** Rows that lack the treatment, or the outcome, and are left out. */
  readonly withoutTreatment: number;
  readonly withoutOutcome: number;
}

/** @throws AnalyzeError where a column is not there or holds what its role does not allow, with the row where there is one */
export async function loadStudy(warehouse: DuckDbWarehouse, roles: FileRoles): Promise<LoadedStudy> {
  assertRoles(roles);
  const { file, treatment, outcome, covariates, segments, placeboOutcomes, negativeControls } = roles;
  const data = await openDataFile(warehouse, file);
  const rows = await loadRows(warehouse, data, {
    texts: [...covariates, ...segments, treatment],
    numbers: [outcome, ...placeboOutcomes, ...negativeControls],
    times: [],
  });
  const isTreated = await treatmentSql(rows, roles);
  const known = `${isTreated} IS NOT NULL AND ${rows.number(outcome)} IS NOT NULL`;
  const { columns } = await warehouse.queryColumns({
    sql: `SELECT COUNT(*) - COUNT(${isTreated}) AS no_treatment, COUNT(*) FILTER (WHERE ${isTreated} IS NOT NULL AND ${rows.number(outcome)} IS NULL) AS no_outcome FROM ${FILE_ROWS}`,
    parameters: {},
  });
  const numbers = (sql: string): Promise<Float64Array> => oneColumn(warehouse, sql, known);
  const treatments = Uint8Array.from(await numbers(isTreated));
  const read = async (name: string): Promise<RawColumn> => await rawColumn(warehouse, rows, name, known, numbers);
  const placebo = async (name: string, kind: Placebo['kind']): Promise<Placebo> => {
    await refuseMissing(rows, name, known);
    return { name, kind, values: await numbers(rows.number(name)) };
  };
  const raw: RawStudy = {
    rowCount: treatments.length,
    treatment: treatments,
    outcome: await numbers(rows.number(outcome)),
    covariates: await inOrder(covariates, read),
    segments: await inOrder(segments, read),
    placebos: [
      ...(await inOrder(placeboOutcomes, (name) => placebo(name, 'pre-treatment outcome'))),
      ...(await inOrder(negativeControls, (name) => placebo(name, 'negative control'))),
    ],
  };
  return {
    raw,
    fileRowCount: rows.rowCount,
    withoutTreatment: columns.no_treatment?.[0] ?? 0,
    withoutOutcome: columns.no_outcome?.[0] ?? 0,
  };
}

async function inOrder<T>(names: readonly string[], read: (name: string) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (const name of names) found.push(await read(name));
  return found;
}

function assertRoles({ treatment, outcome, covariates, segments, placeboOutcomes, negativeControls }: FileRoles): void {
  if (treatment === outcome)
    throw new AnalyzeError(`--treatment and --outcome must be different columns, got "${treatment}" for both`);
  for (const [names, role] of [
    [covariates, 'a covariate'],
    [segments, 'a segment'],
    [placeboOutcomes, 'a placebo outcome'],
    [negativeControls, 'a negative control'],
  ] as const)
    for (const name of names)
      if (name === treatment || name === outcome)
        throw new AnalyzeError(
          `"${name}" is the ${name === treatment ? 'treatment' : 'outcome'}, so it cannot be ${role} as well`,
        );
  const twice = covariates.find((name, index) => covariates.indexOf(name) < index);
  if (twice !== undefined) throw new AnalyzeError(`--covariates names "${twice}" twice`);
  const later = negativeControls.find((name) => covariates.includes(name));
  if (later !== undefined)
    throw new AnalyzeError(
      `"${later}" is a covariate, known before the treatment; a negative control is an outcome that the treatment does not reach`,
    );
}

/** SQL of 1 for the treated and 0 for controls, NULL where it is not known. */
async function treatmentSql(rows: FileRows, { treatment, treated }: FileRoles): Promise<string> {
  if (treated === null) {
    const text = `CASE WHEN lower(${rows.text(treatment)}) NOT IN ${MISSING_TEXTS} THEN lower(${rows.text(treatment)}) END`;
    const value = `CASE ${text} WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE TRY_CAST(${text} AS DOUBLE) END`;
    await refuseFirst(
      rows,
      treatment,
      rows.text(treatment),
      `${text} IS NOT NULL AND COALESCE(${value} NOT IN (0, 1), TRUE)`,
      '0 or 1 (or false or true), as a treatment is; say which label is the treated one with --treated LABEL',
    );
    return value;
  }
  const text = rows.text(treatment);
  const labels = await rows.warehouse.query<{ label: string }>({
    sql: `SELECT DISTINCT ${text} AS label FROM ${FILE_ROWS} WHERE ${text} IS NOT NULL ORDER BY 1 LIMIT 6`,
    parameters: {},
  });
  const shown = labels.map(({ label }) => `"${label}"`).join(', ');
  if (!labels.some(({ label }) => label === treated))
    throw new AnalyzeError(
      `column "${treatment}" of ${rows.file} holds ${shown}, but no "${treated}", which --treated says`,
    );
  if (labels.length !== 2)
    throw new AnalyzeError(
      `column "${treatment}" of ${rows.file} holds ${shown}; a treatment has two labels. Leave out the rows of the others`,
    );
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN ${text} = '${treated.replaceAll("'", "''")}' THEN 1 ELSE 0 END`;
}

async function oneColumn(warehouse: DuckDbWarehouse, sql: string, known: string): Promise<Float64Array> {
  const { columns } = await warehouse.queryColumns({
    sql: `SELECT CAST(${sql} AS DOUBLE) AS value FROM ${FILE_ROWS} WHERE ${known} ORDER BY rowid`,
    parameters: {},
  });
  return columns.value ?? new Float64Array();
}

/** A column whose texts are all numbers is one of numbers; NaN is missing. */
async function rawColumn(
  warehouse: DuckDbWarehouse,
  rows: FileRows,
  name: string,
  known: string,
  numbers: (sql: string) => Promise<Float64Array>,
): Promise<RawColumn> {
  const text = `CASE WHEN lower(${rows.text(name)}) NOT IN ${MISSING_TEXTS} THEN ${rows.text(name)} END`;
  const number = `CASE lower(${text}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE TRY_CAST(${text} AS DOUBLE) END`;
  const [found] = await warehouse.query<{ present: number; numbers: number }>({
    sql: `SELECT COUNT(${text}) AS present, COUNT(*) FILTER (WHERE COALESCE(isfinite(${number}), FALSE)) AS numbers FROM ${FILE_ROWS} WHERE ${known}`,
    parameters: {},
  });
  if (found === undefined || found.present === 0)
    throw new AnalyzeError(`${rows.file}, column "${name}" is empty in every row; leave it out`);
  if (found.numbers === found.present)
    return { kind: 'number', name, values: await numbers(`COALESCE(${number}, CAST('nan' AS DOUBLE))`) };
  return await categoryColumn(warehouse, name, text, known);
}

async function categoryColumn(
  warehouse: DuckDbWarehouse,
  name: string,
  text: string,
  known: string,
): Promise<RawColumn> {
  const levels = await warehouse.query<{ level: string }>({
    sql: `SELECT ${text} AS level FROM ${FILE_ROWS} WHERE ${known} AND ${text} IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC, 1`,
    parameters: {},
  });
  const { columns } = await warehouse.queryColumns({
    sql: `
SELECT CAST(COALESCE(levels.code, -1) AS DOUBLE) AS code
FROM (SELECT rowid AS place, ${text} AS level FROM ${FILE_ROWS} WHERE ${known}) AS units
LEFT JOIN (
  SELECT level, ROW_NUMBER() OVER (ORDER BY units DESC, level) - 1 AS code
  FROM (SELECT ${text} AS level, COUNT(*) AS units FROM ${FILE_ROWS} WHERE ${known} AND ${text} IS NOT NULL GROUP BY 1) AS counted
) AS levels ON levels.level = units.level
ORDER BY units.place`,
    parameters: {},
  });
  return {
    kind: 'category',
    name,
    levels: levels.map(({ level }) => level),
    codes: Int32Array.from(columns.code ?? []),
  };
}

async function refuseMissing(rows: FileRows, name: string, known: string): Promise<void> {
  const [found] = await rows.warehouse.query<{ row_number: number | null }>({
    sql: `SELECT MIN(rowid) + 1 AS row_number FROM ${FILE_ROWS} WHERE ${known} AND ${rows.number(name)} IS NULL`,
    parameters: {},
  });
  const row = found?.row_number ?? null;
  if (row !== null)
    throw new AnalyzeError(
      `${rows.file}, data row ${row}, column "${name}" has no number; an outcome that serves as a placebo is known of every unit`,
    );
}
