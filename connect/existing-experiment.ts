import { readsOf, type SourceMetric } from '../definitions/source-metric.ts';
import type { SourceExperiment, WarehouseSource } from '../definitions/warehouse-source.ts';
import type { ExistingAnalysis } from '../warehouse-sql/existing/source.ts';
import type { KnownQueries } from './known-queries.ts';

/** The metrics that an experiment names, each once, the primary first. */
export function metricsOf({ metrics }: WarehouseSource, experiment: SourceExperiment): readonly SourceMetric[] {
  const { primary, secondary, guardrails } = experiment.metrics;
  const keys = new Set([primary, ...secondary, ...guardrails.map(({ metric }) => metric)]);
  return [...keys].map((key) => {
    const found = metrics.find((metric) => metric.key === key);
    if (found === undefined) throw new RangeError(`experiment ${experiment.key}: there is no metric ${key}`);
    return found;
  });
}

/** What is read for an experiment; null where one of its queries cannot be used. */
export function analysisOf(
  source: WarehouseSource,
  experiment: SourceExperiment,
  known: KnownQueries,
  nowMs: number,
): ExistingAnalysis | null {
  const metrics = metricsOf(source, experiment);
  const assignments = known.assignments.find(({ query }) => query.key === experiment.assignments);
  const factKeys = [...new Set(metrics.flatMap((metric) => readsOf(metric).map(({ facts }) => facts)))];
  const facts = known.facts.filter(({ query }) => factKeys.includes(query.key));
  if (assignments === undefined || facts.length < factKeys.length) return null;
  return {
    assignedAs: experiment.assignedAs,
    fromMs: experiment.fromMs,
    asOfMs: Math.min(nowMs, experiment.toMs ?? nowMs),
    timeZone: source.timeZone,
    assignments,
    facts,
    metrics,
  };
}
