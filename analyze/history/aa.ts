import { aaReport, type AaReport } from '../../estimators/reading/aa-verdict.ts';
import { retrospectiveAas, type AaHistory, type AaPlan } from '../../estimators/reading/retrospective-aa.ts';
import type { DuckDbWarehouse } from '../../warehouse/duckdb.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { numbersOf, relationOf, type Reading } from '../experiment/metric-relation.ts';
import { withScratchWarehouse } from '../input/scratch-warehouse.ts';
import { loadHistory, type HistoryFile } from './load-history.ts';
import { sentenceOf } from './aa-wording.ts';

export interface AaSplitting {
  readonly splits: number;
  /** Of an always-valid reading: at how many evenly spaced numbers of units each split is looked at. */
  readonly looks: number;
  readonly alpha: number;
  readonly seed: number;
}

export type AaRequest = HistoryFile & AaSplitting;

/** What a metric can be relied on for; JSON as it is. */
export interface MetricAa {
  readonly metric: string;
  readonly fixedHorizon: AaReport;
  readonly alwaysValid: AaReport;
  /** For readers. */
  readonly sentence: string;
}

export interface AaAnalysis {
  readonly file: string;
  readonly unitCount: number;
  readonly splits: number;
  readonly looks: number;
  readonly alpha: number;
  readonly seed: number;
  readonly covariates: readonly string[];
  readonly metrics: readonly MetricAa[];
}

/** @param onMetric told which metric is split next */
export async function analyzeAa(request: AaRequest, onMetric: (metric: string) => void): Promise<AaAnalysis> {
  return await withScratchWarehouse(async (warehouse) => {
    const { readings, unitCount } = await loadHistory(warehouse, request);
    const metrics: MetricAa[] = [];
    for (const reading of readings) {
      onMetric(reading.metric.expression);
      metrics.push(aaOf(await readNumbers(warehouse, reading), reading.metric.expression, request.file, request));
    }
    const { file, splits, looks, alpha, seed, covariates } = request;
    return { file, unitCount, splits, looks, alpha, seed, covariates, metrics };
  });
}

/**
 * One metric under both stopping rules.
 *
 * @param source where the units are from, for messages
 * @throws AnalyzeError where they cannot be split
 */
export function aaOf(history: AaHistory, metric: string, source: string, splitting: AaSplitting): MetricAa {
  const rules: readonly AaPlan['stopping'][] = [
    { rule: 'fixed-horizon' },
    { rule: 'always-valid', tunedForCount: history.numbers[0]?.length ?? 1 },
  ];
  try {
    const splits = retrospectiveAas(history, splitting, rules);
    const [fixedHorizon, alwaysValid] = rules.map((stopping, index) =>
      aaReport(splits[index] ?? [], { ...splitting, stopping }),
    );
    if (fixedHorizon === undefined || alwaysValid === undefined) throw new RangeError('a rule has no report');
    const reports = { fixedHorizon, alwaysValid };
    return { metric, ...reports, sentence: sentenceOf(reports, splitting) };
  } catch (error) {
    if (error instanceof RangeError)
      throw new AnalyzeError(`${source}, metric ${metric}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The numbers of every unit, in the order of the file. */
async function readNumbers(warehouse: DuckDbWarehouse, reading: Reading): Promise<AaHistory> {
  const { metric, request } = reading;
  if (metric.type === 'quantile')
    throw new AnalyzeError(
      `${request.file}, metric ${metric.expression}: a quantile has no number per unit to split; use a mean, a proportion or a ratio`,
    );
  const { entries, pairs } = numbersOf(reading);
  const columns = entries.map((entry, index) => `CAST(${entry} AS DOUBLE) AS n${index}`);
  const { columns: found } = await warehouse.queryColumns({
    sql: `-- One row per unit: the numbers that the metric is made of.\nSELECT ${columns.join(', ')} FROM (${relationOf(reading)}) AS relation`,
    parameters: {},
  });
  return { pairs, numbers: entries.map((_, index) => found[`n${index}`] ?? new Float64Array()) };
}
