import { AnalyzeError } from '../analyze-error.ts';
import { checkColumns } from '../experiment/check-columns.ts';
import { columnsOf, type MetricExpression } from '../experiment/metric-expression.ts';
import { readCap } from '../experiment/metric-moments.ts';
import type { Reading } from '../experiment/metric-relation.ts';
import type { ExperimentRequest } from '../experiment/request.ts';
import { makeUnits } from '../experiment/units.ts';
import { openDataFile } from '../input/data-file.ts';
import { loadRows, type FileRows } from '../input/file-rows.ts';
import type { Warehouse } from '../../warehouse/port.ts';

/** A file of units that were all treated alike. */
export interface HistoryFile {
  readonly file: string;
  readonly unit: string;
  readonly metrics: readonly MetricExpression[];
  readonly covariates: readonly string[];
  /** The column that says when; null: none. */
  readonly date: string | null;
  /** The column that says which cluster a unit belongs to, where clusters will be randomized; default: units will. */
  readonly cluster?: string;
}

export interface LoadedHistory {
  readonly rows: FileRows;
  readonly unitCount: number;
  /** How each metric is read, in their order. */
  readonly readings: readonly Reading[];
}

/** Stands for the column of arms, which a history does not have. */
const NO_ARMS = '\u001Fall';

/** @throws AnalyzeError where the file cannot be read as asked, with the column and the row where there is one */
export async function loadHistory(warehouse: Warehouse, asked: HistoryFile): Promise<LoadedHistory> {
  const { file, unit, metrics, covariates, date, cluster } = asked;
  const texts = metrics.filter(({ type }) => type === 'distinct').flatMap(columnsOf);
  const numbers = metrics.filter(({ type }) => type !== 'distinct').flatMap(columnsOf);
  const loaded = await loadRows(warehouse, await openDataFile(warehouse, file), {
    texts: [unit, ...(cluster === undefined ? [] : [cluster]), ...texts],
    numbers: [...covariates, ...numbers],
    times: date === null ? [] : [date],
  });
  const rows: FileRows = { ...loaded, text: (column) => (column === NO_ARMS ? "'all'" : loaded.text(column)) };
  const request = requestOf(asked);
  await checkColumns(rows, request);
  const units = await makeUnits(rows, request);
  const readings: Reading[] = [];
  for (const [metricIndex, metric] of metrics.entries()) {
    const capAt = await readCap(warehouse, metric, metricIndex);
    readings.push({ request, metric, metricIndex, capAt, covariates: units.covariates, groupBy: null });
  }
  if (units.unitCount < 2) throw new AnalyzeError(`${file} has fewer than 2 units`);
  return { rows, unitCount: units.unitCount, readings };
}

function requestOf({ file, unit, metrics, covariates, date, cluster }: HistoryFile): ExperimentRequest {
  return {
    file,
    unit,
    variant: NO_ARMS,
    control: 'all',
    metrics,
    covariates,
    segments: [],
    date,
    stopping: { rule: 'fixed-horizon' },
    design: cluster === undefined ? { kind: 'user' } : { kind: 'cluster', cluster },
    alpha: 0.05,
    correction: 'none',
    weights: null,
    missing: 'refuse',
  };
}
