import type { JudgedExperiment, MetricStatistics, ScorecardInput } from './build.ts';

/** Every variant but control. */
export function treatmentsOf({ variants, control }: JudgedExperiment): string[] {
  return variants.map(({ key }) => key).filter((key) => key !== control);
}

/** The statistics of a metric in a variant; null with fewer than two matured units. */
export function statisticsOf(
  statistics: ScorecardInput['statistics'],
  metricKey: string,
  variant: string,
): MetricStatistics | null {
  const found = statistics.find((candidate) => candidate.metricKey === metricKey && candidate.variant === variant);
  return found === undefined || found.count < 2 ? null : found;
}
