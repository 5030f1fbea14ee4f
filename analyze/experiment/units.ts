import type { Statement } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { FILE_ROWS, MISSING_TEXTS, type FileRows } from '../input/file-rows.ts';
import { alsoIn, type Warning } from './check-columns.ts';
import { CELL_SEPARATOR, clusterSql, unitSql } from './design.ts';
import type { MetricExpression } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';

/** The table that `makeUnits` makes: one row per unit. */
export const UNITS = 'units';

/** Columns of `units`, by the place of what they hold in the request. */
export const valueColumn = (metric: number): string => `y${metric}`;
export const denominatorColumn = (metric: number): string => `z${metric}`;
export const covariateColumn = (covariate: number): string => `x${covariate}`;
/** The table of the rows of a quantile: `unit_row` (rowid of `units`) and `value`. */
export const eventsTable = (metric: number): string => `events${metric}`;
/** The column of strata, where there are any. */
export const STRATUM = 'stratum';
export const segmentColumn = (segment: number): string => `s${segment}`;
/** The columns of `--cupac`, as text. */
export const predictorColumn = (predictor: number): string => `c${predictor}`;
/** A unit's arm in another experiment; NULL where it was not in it. */
export const otherArmColumn = (experiment: number): string => `o${experiment}`;
/** 'triggered' or 'untriggered'. */
export const TRIGGERED = 'trigger_state';

/** Above this share of units with rows of two arms something assigns wrongly, and no arm can be read (as GrowthBook has it). */
const CROSSED_LIMIT = 0.01;

/** A covariate as the units have it. */
export interface KnownCovariate {
  /** Its place in the request. */
  readonly index: number;
  readonly name: string;
  /** Over the units that have it. */
  readonly mean: number;
  /** Units without it: they had no history before. */
  readonly missingCount: number;
}

/** What the units of a file are. */
export interface Units {
  readonly unitCount: number;
  /** Units with rows of more than one arm: they belong to the arm of their first row. */
  readonly crossed: {
    readonly unitCount: number;
    readonly example: string | null;
    /** So many that the arms mean nothing. */
    readonly isTooMany: boolean;
  };
  readonly covariates: readonly KnownCovariate[];
  readonly warnings: readonly Warning[];
}

/**
 * Adds up the rows of each unit. Its arm, cluster and segments are those of its first row: the earliest by the date column, else the first in
 * the file.
 *
 * @throws AnalyzeError where a covariate has two values within one unit
 */
export async function makeUnits(rows: FileRows, request: ExperimentRequest): Promise<Units> {
  const { warehouse } = rows;
  const order = request.date === null ? 'rowid' : `ROW(${rows.time(request.date)}, rowid)`;
  const first = (sql: string): string => `arg_min(${sql}, ${order})`;
  const arm = rows.text(request.variant);
  const unit = unitSql(rows, request);
  const cluster = clusterSql(rows, request);
  const { postStratify } = request;
  const columns = [
    `${unit} AS unit`,
    `${first(arm)} AS arm`,
    `MIN(${arm}) <> MAX(${arm}) AS is_crossed`,
    'COUNT(*) AS row_count',
    'MIN(rowid) AS first_row',
    ...(request.date === null ? [] : [`CAST(MIN(${rows.time(request.date)}) AS DATE) AS first_day`]),
    ...(cluster === null ? [] : [`${first(cluster)} AS cluster`]),
    ...(postStratify === undefined ? [] : [`COALESCE(${first(rows.text(postStratify))}, '(none)') AS ${STRATUM}`]),
    ...request.segments.map(
      (segment, index) => `COALESCE(${first(rows.text(segment))}, '(none)') AS ${segmentColumn(index)}`,
    ),
    ...(request.predictors ?? []).map(
      (column, index) => `MIN(${knownText(rows.text(column))}) AS ${predictorColumn(index)}`,
    ),
    ...(request.otherExperiments ?? []).map(
      ({ column }, index) => `${first(rows.text(column))} AS ${otherArmColumn(index)}`,
    ),
    ...(request.triggered === undefined
      ? []
      : [
          `CASE WHEN MAX(${rows.number(request.triggered)}) = 1 THEN 'triggered' ELSE 'untriggered' END AS ${TRIGGERED}`,
        ]),
    ...request.covariates.map((covariate, index) => `MIN(${rows.number(covariate)}) AS ${covariateColumn(index)}`),
    ...request.metrics.flatMap((metric, index) => valueColumns(rows, metric, index, request)),
  ];
  const sql = `
-- One row per unit: its arm and attributes by its first row, its metrics (y, z = numerator and denominator) and covariates (x).
CREATE TABLE ${UNITS} AS SELECT ${columns.join(', ')} FROM ${FILE_ROWS} GROUP BY ${unit}`;
  for (const covariate of request.covariates) await refuseChanging(rows, unit, covariate, rows.number(covariate));
  for (const column of request.predictors ?? []) await refuseChanging(rows, unit, column, knownText(rows.text(column)));
  await warehouse.execute([{ sql, parameters: {} }]);
  for (const [index, metric] of request.metrics.entries())
    if (metric.type === 'quantile')
      await warehouse.execute([eventsStatement(rows, unit, rows.number(metric.column), index)]);
  return await describeUnits(rows, request);
}

/** A text that stands for nothing known is nothing. */
function knownText(text: string): string {
  return `CASE WHEN lower(${text}) NOT IN ${MISSING_TEXTS} THEN ${text} END`;
}

function valueColumns(rows: FileRows, metric: MetricExpression, index: number, request: ExperimentRequest): string[] {
  const total = (column: string): string => {
    const value = rows.number(column);
    return request.missing === 'drop'
      ? `CASE WHEN COUNT(${value}) = COUNT(*) THEN SUM(${value}) END`
      : `COALESCE(SUM(${value}), 0)`;
  };
  if (metric.type === 'quantile') return [];
  if (metric.type === 'ratio')
    return [
      `${total(metric.numerator)} AS ${valueColumn(index)}`,
      `${total(metric.denominator)} AS ${denominatorColumn(index)}`,
    ];
  if (metric.column === null) return [`CAST(COUNT(*) AS DOUBLE) AS ${valueColumn(index)}`];
  if (metric.type === 'distinct')
    return [`CAST(COUNT(DISTINCT ${rows.text(metric.column)}) AS DOUBLE) AS ${valueColumn(index)}`];
  const value = total(metric.column);
  return [`${metric.type === 'proportion' ? atMost(value, 1) : value} AS ${valueColumn(index)}`];
}

function eventsStatement(rows: FileRows, unit: string, value: string, index: number): Statement {
  const sql = `
-- One row per row of the file with a value.
CREATE TABLE ${eventsTable(index)} AS
SELECT units.rowid AS unit_row, file.${value} AS value
FROM ${FILE_ROWS} AS file JOIN ${UNITS} AS units ON units.unit = ${unit} WHERE file.${value} IS NOT NULL`;
  return { sql, parameters: {} };
}

/** SQL of a number cut at a limit; NULL stays NULL, which LEAST would make the limit. */
export function atMost(value: string, limit: number): string {
  return `CASE WHEN ${value} > ${limit} THEN ${limit} ELSE ${value} END`;
}

/** Two values of one covariate within a unit say that it was not known before the treatment. */
async function refuseChanging(rows: FileRows, unit: string, covariate: string, value: string): Promise<void> {
  const [found] = await rows.warehouse.query<{ unit: string; row_number: number; unit_count: number }>({
    sql: `
SELECT first(unit ORDER BY row_number) AS unit, MIN(row_number) AS row_number, COUNT(*) AS unit_count FROM (
  SELECT ${unit} AS unit, MAX(rowid) + 1 AS row_number FROM ${FILE_ROWS}
  GROUP BY 1 HAVING COUNT(*) > 1 AND (MIN(${value}) <> MAX(${value}))
) AS changing HAVING COUNT(*) > 0`,
    parameters: {},
  });
  if (found !== undefined)
    throw new AnalyzeError(
      `${rows.file}, data row ${found.row_number}, column "${covariate}": unit "${found.unit.replaceAll(CELL_SEPARATOR, ', ')}" has more than one value${alsoIn(found.unit_count).replace('rows', 'units')}; a covariate was known before the treatment, so it is the same in all rows of a unit`,
    );
}

async function describeUnits(rows: FileRows, request: ExperimentRequest): Promise<Units> {
  const [found] = await rows.warehouse.query<{ units: number; crossed: number; example: string | null; row: number }>({
    sql: `
SELECT COUNT(*) AS units, COUNT(*) FILTER (WHERE is_crossed) AS crossed,
  arg_min(unit, first_row) FILTER (WHERE is_crossed) AS example, COALESCE(MIN(first_row) FILTER (WHERE is_crossed), 0) + 1 AS row
FROM ${UNITS}`,
    parameters: {},
  });
  if (found === undefined) throw new AnalyzeError(`${rows.file} has no units`);
  const isTooMany = found.crossed > CROSSED_LIMIT * found.units;
  const warnings: Warning[] = [];
  if (found.crossed > 0)
    warnings.push({
      code: 'crossed-units',
      message:
        `${found.crossed} of ${found.units} units have rows of more than one arm, such as "${found.example ?? ''}" (column "${request.variant}", ` +
        `first seen in data row ${found.row}); each belongs to the arm of its first row`,
    });
  const covariates: KnownCovariate[] = [];
  for (const [index, name] of request.covariates.entries()) covariates.push(await readCovariate(rows, name, index));
  for (const { name, missingCount } of covariates)
    if (missingCount > 0)
      warnings.push({
        code: 'units-without-history',
        message:
          `${missingCount} of ${found.units} units have no ${name}: they count as its mean, and being without it is a covariate of its own; ` +
          'the more of them, the less noise it removes',
      });
  return {
    unitCount: found.units,
    crossed: { unitCount: found.crossed, example: found.example, isTooMany },
    covariates,
    warnings,
  };
}

async function readCovariate({ warehouse, file }: FileRows, name: string, index: number): Promise<KnownCovariate> {
  const x = covariateColumn(index);
  const [found] = await warehouse.query<{
    mean: number | null;
    lowest: number | null;
    highest: number | null;
    missing: number;
  }>({
    sql: `SELECT AVG(${x}) AS mean, MIN(${x}) AS lowest, MAX(${x}) AS highest, COUNT(*) - COUNT(${x}) AS missing FROM ${UNITS}`,
    parameters: {},
  });
  if (found === undefined || found.mean === null) throw new AnalyzeError(`${file}, column "${name}" holds no number`);
  if (found.lowest === found.highest && found.missing === 0)
    throw new AnalyzeError(`${file}, column "${name}" is ${found.mean} for every unit; a covariate has to vary`);
  return { index, name, mean: found.mean, missingCount: found.missing };
}
