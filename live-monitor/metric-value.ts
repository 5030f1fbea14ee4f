import type { JsonObject, JsonValue } from '../event-bus/event.ts';
import type { MetricDefinition, PropertyFilter } from '../definitions/metric.ts';

/** An event that a metric may count. */
export interface Outcome {
  readonly eventType: string;
  readonly occurredAtMs: number;
  readonly properties: JsonObject;
}

/** The value of a metric for one unit (`MetricDefinition`): over its outcomes in [first exposure, first exposure + windowMs). */
export function metricValue(metric: MetricDefinition, firstExposedAtMs: number, outcomes: readonly Outcome[]): number {
  const endsAtMs = firstExposedAtMs + metric.windowMs;
  let value = 0;
  for (const outcome of outcomes) {
    if (outcome.occurredAtMs < firstExposedAtMs || outcome.occurredAtMs >= endsAtMs) continue;
    if (isCounted(metric, outcome)) value += contribution(metric, outcome.properties);
  }
  return metric.type === 'proportion' ? Math.min(value, 1) : value;
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
