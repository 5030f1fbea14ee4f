import type { JsonObject, JsonValue } from '../event-bus/event.ts';
import type { MetricDefinition, PropertyFilter } from '../definitions/metric.ts';

/** An event that a metric may count. */
export interface Outcome {
  readonly eventType: string;
  readonly occurredAtMs: number;
  readonly properties: JsonObject;
}

/**
 * The value of a metric for one unit (`MetricDefinition`): over its outcomes in [first exposure, first exposure + windowMs).
 *
 * @throws RangeError for a ratio or a mean, which have no value per unit
 */
export function metricValue(metric: MetricDefinition, firstExposedAtMs: number, outcomes: readonly Outcome[]): number {
  if (!isWatchable(metric))
    throw new RangeError(`metric ${metric.key} is a ${metric.type} that has no value of a unit on its own`);
  const startsAtMs = firstExposedAtMs + (metric.fromMs ?? 0);
  const endsAtMs = firstExposedAtMs + metric.windowMs;
  let value = 0;
  for (const outcome of outcomes) {
    if (outcome.occurredAtMs < startsAtMs || outcome.occurredAtMs >= endsAtMs) continue;
    if (isCounted(metric, outcome)) value += contribution(metric, outcome.properties);
  }
  return Math.min(value, metric.type === 'proportion' || metric.type === 'retention' ? 1 : (metric.cap ?? Infinity));
}

/**
 * Whether the monitor can watch a metric. A `ratio` and a `mean` have no value per unit, and of `count_distinct` the text that the warehouse gives
 * a fraction is not ours; a percentile or a quantile is one of all units, and the steps of a funnel have an order. Only the scorecard guards them.
 */
export function isWatchable(metric: Pick<MetricDefinition, 'type' | 'capPercentile'>): boolean {
  if (metric.capPercentile !== undefined || metric.type === 'funnel' || metric.type === 'quantile') return false;
  return metric.type !== 'ratio' && metric.type !== 'mean' && metric.type !== 'count_distinct';
}

/** Whether an event is of the kind that a metric counts, whenever it happened. */
export function isCounted(metric: MetricDefinition, outcome: Pick<Outcome, 'eventType' | 'properties'>): boolean {
  return outcome.eventType === metric.event && metric.where.every((filter) => passes(filter, outcome.properties));
}

function contribution(metric: MetricDefinition, properties: JsonObject): number {
  if (metric.type !== 'sum') return 1;
  const amount = metric.property === null ? undefined : properties[metric.property];
  // Like SUM in the warehouse, which passes over what is not there.
  return typeof amount === 'number' ? amount : 0;
}

function passes({ property, operator, value }: PropertyFilter, properties: JsonObject): boolean {
  const actual: JsonValue | undefined = properties[property];
  // Like a comparison with NULL in the warehouse, which is never true.
  if (actual === undefined || actual === null) return false;
  switch (operator) {
    case 'equals':
      return actual === value;
    case 'not_equals':
      return actual !== value;
    case 'greater_than':
      return typeof actual === 'number' && typeof value === 'number' && actual > value;
    case 'less_than':
      return typeof actual === 'number' && typeof value === 'number' && actual < value;
  }
}
