import { AnalyzeError } from '../analyze-error.ts';
import { findMissing, refuseFirst, type FileRows } from '../input/file-rows.ts';
import { columnsOf, type MetricExpression } from './metric-expression.ts';
import type { ExperimentRequest } from './request.ts';

/** What a reader has to know and that does not forbid the analysis. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/**
 * Refuses rows that no metric can be made of, by the first row and its column.
 *
 * @throws AnalyzeError
 */
export async function checkColumns(rows: FileRows, request: ExperimentRequest): Promise<readonly Warning[]> {
  const { design } = request;
  const mustBeThere = [request.unit, request.variant, design.kind === 'cluster' ? design.cluster : null];
  if (design.kind === 'switchback') mustBeThere.push(design.region, design.isLength ? null : design.window);
  for (const column of mustBeThere) if (column !== null) await refuseEmpty(rows, column);
  if (request.date !== null) await refuseEmpty(rows, request.date, rows.time(request.date));
  for (const metric of request.metrics) await checkKindOfNumbers(rows, metric);
  if (request.triggered !== undefined) {
    const value = rows.number(request.triggered);
    await refuseFirst(rows, request.triggered, value, `${value} NOT IN (0, 1)`, '0 or 1 (or false or true)');
  }
  const warnings: Warning[] = [];
  for (const metric of request.metrics)
    if (metric.type !== 'distinct')
      for (const column of new Set(columnsOf(metric)))
        warnings.push(...(await checkMissing(rows, metric, column, request)));
  return warnings;
}

async function refuseEmpty(rows: FileRows, column: string, sql = rows.text(column)): Promise<void> {
  const missing = await findMissing(rows, sql);
  if (missing !== null)
    throw new AnalyzeError(
      `${rows.file}, data row ${missing.firstRow}, column "${column}" is empty${alsoIn(missing.rowCount)}; every row needs one`,
    );
}

async function checkKindOfNumbers(rows: FileRows, metric: MetricExpression): Promise<void> {
  if (metric.type === 'proportion' && metric.column !== null) {
    const value = rows.number(metric.column);
    await refuseFirst(
      rows,
      metric.column,
      value,
      `${value} NOT IN (0, 1)`,
      '0 or 1 (or false or true), as a proportion needs',
    );
  }
  if (metric.type === 'count' && metric.column !== null) {
    const value = rows.number(metric.column);
    const condition = `${value} < 0 OR ${value} <> floor(${value})`;
    await refuseFirst(rows, metric.column, value, condition, 'a whole number of at least 0, as a count needs');
  }
  if (metric.type === 'ratio') {
    const value = rows.number(metric.denominator);
    await refuseFirst(
      rows,
      metric.denominator,
      value,
      `${value} < 0`,
      'at least 0, as the denominator of a ratio needs',
    );
  }
}

async function checkMissing(
  rows: FileRows,
  { expression, type }: MetricExpression,
  column: string,
  { missing: policy }: ExperimentRequest,
): Promise<readonly Warning[]> {
  const found = await findMissing(rows, rows.number(column));
  if (found === null) return [];
  const where = `${rows.file}, data row ${found.firstRow}, column "${column}" has no number${alsoIn(found.rowCount)}`;
  if (policy === 'refuse')
    throw new AnalyzeError(
      `${where}; metric ${expression} needs one: mend the file, or say --missing drop (leave such units out) or --missing zero (nothing happened)`,
    );
  const dropped = type === 'quantile' ? 'such rows are left out' : 'its unit is left out of this metric';
  const how = policy === 'zero' && type !== 'quantile' ? 'it counts as 0' : dropped;
  return [{ code: 'missing-values', message: `${where}: ${how} (metric ${expression})` }];
}

export function alsoIn(rowCount: number): string {
  return rowCount === 1 ? '' : ` (and so in ${rowCount - 1} more rows)`;
}
