import { aaOf, type AaSplitting, type MetricAa } from '../history/aa.ts';
import { aaTable } from '../history/aa-wording.ts';
import { warningsOf, iso, pastOf, type PastRequest } from './past-time.ts';
import type { PastSource } from './past-source.ts';
import { readPastMetrics } from './past-units.ts';

export type PastAaRequest = PastRequest & AaSplitting;

/** A metric over the units whose window closed. */
export interface PastMetricAa extends MetricAa {
  readonly unitCount: number;
  readonly hasCovariate: boolean;
}

/** What the platform's metrics can be relied on for; JSON as it is. */
export interface PastAaAnalysis extends AaSplitting {
  readonly warehouse: string;
  readonly unit: string;
  /** By what units entered. */
  readonly entry: string;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly metrics: readonly PastMetricAa[];
  /** Sentences. */
  readonly warnings: readonly string[];
}

/**
 * Splits the units of a time of the past by hash, again and again, and reads each split as an experiment would have been that began then: a unit enters
 * with its first event, its metrics are those of the SQL that scorecards are made of, and its covariates are from before.
 *
 * @param onMetric told which metric is split next
 * @throws AnalyzeError where the past cannot be read as asked
 */
export async function analyzePastAa(
  source: PastSource,
  request: PastAaRequest,
  onMetric: (metric: string) => void,
): Promise<PastAaAnalysis> {
  const past = await pastOf(source, request);
  const found = await readPastMetrics(source, request, past);
  const metrics = found.map(({ metric, history, hasCovariate }): PastMetricAa => {
    onMetric(metric.key);
    const unitCount = history.numbers[0]?.length ?? 0;
    return { ...aaOf(history, metric.key, request.name, request), unitCount, hasCovariate };
  });
  const { name, unitType, splits, looks, alpha, seed } = request;
  const time = { from: iso(past.fromMs), until: iso(past.untilMs) };
  return {
    warehouse: name,
    unit: unitType,
    entry: source.entry,
    ...time,
    splits,
    looks,
    alpha,
    seed,
    metrics,
    warnings: warningsOf(source, past),
  };
}

export function pastAaText(analysis: PastAaAnalysis): string {
  const { warehouse, unit, entry, from, until, splits, alpha, seed } = analysis;
  const units = analysis.metrics.map(
    ({ metric, unitCount, hasCovariate }) =>
      `  ${metric}: ${unitCount} units whose window closed${hasCovariate ? ', with the metric before as covariate (CUPED)' : ''}`,
  );
  return [
    `${warehouse}: each ${unit} from its first event (${entry}) between ${from} and ${until}`,
    ...units,
    `split by hash ${splits} times into two arms that are alike (seed ${seed}); alpha = ${alpha}`,
    '',
    aaTable(analysis),
    ...analysis.warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n');
}
