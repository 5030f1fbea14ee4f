import { denominatorOf, type MetricDefinition } from '../../definitions/metric.ts';

/** Where a metric is found among the totals of a unit: in the row of its group, in the columns of its slot. */
export interface MetricPlace {
  /** Place of the metric in the list. */
  readonly metric: number;
  readonly group: number;
  readonly slot: number;
  /** The slot of its totals, which metrics that add the same up over the same time have in common, such as a count and a proportion. */
  readonly total: number;
  /** The types of events that it reads. */
  readonly events: readonly string[];
}

/**
 * Metrics that read a type of events in common are of one group; every event is of one group at most. A unit then has one row per group in
 * which it has events, with as many columns as the largest group has metrics, and not one row with columns for all metrics: of ten
 * metrics over five types of events each event concerns two.
 */
export function groupMetrics(metrics: readonly MetricDefinition[]): readonly MetricPlace[] {
  const groupOf = new Map<string, number>();
  for (const [index, metric] of metrics.entries()) {
    const events = eventsOf(metric);
    const met = new Set(events.flatMap((event) => groupOf.get(event) ?? []));
    for (const [event, group] of groupOf) if (met.has(group)) groupOf.set(event, index);
    for (const event of events) groupOf.set(event, index);
  }
  const groups = [...new Set(groupOf.values())];
  const sizes = groups.map(() => 0);
  const totals = groups.map(() => new Map<string, number>());
  return metrics.map((metric, index) => {
    const group = groups.indexOf(groupOf.get(metric.event) ?? -1);
    const slot = sizes[group];
    const known = totals[group];
    if (slot === undefined || known === undefined) throw new RangeError(`metric ${metric.key} reads no events`);
    sizes[group] = slot + 1;
    const total = known.get(addedUp(metric)) ?? known.size;
    known.set(addedUp(metric), total);
    return { metric: index, group, slot, total, events: eventsOf(metric) };
  });
}

/** The same text for metrics whose totals are the same. */
function addedUp(metric: MetricDefinition): string {
  const { type, event, property, where, fromMs, windowMs, covariateMs } = metric;
  const counts = type === 'count' || type === 'proportion' || type === 'retention';
  return JSON.stringify([counts ? 'count' : metric, event, property, where, fromMs ?? 0, windowMs, covariateMs]);
}

function eventsOf(metric: MetricDefinition): string[] {
  const denominator = denominatorOf(metric);
  return [metric.event, ...(denominator === null ? [] : [denominator.event])];
}

/**
 * What a column holds in each group, as one expression over the column that tells the group. In groups that have no such column it is of
 * no meaning, and nobody reads it.
 *
 * @param placed metrics of different groups that share the column
 */
export function byGroup(
  placed: readonly MetricPlace[],
  expressionOf: (place: MetricPlace) => string,
  group = 'event_group',
): string {
  const cases = new Map(placed.map((place) => [place.group, expressionOf(place)]));
  const [only, ...others] = new Set(cases.values());
  if (only === undefined) throw new RangeError('a column belongs to a metric');
  if (others.length === 0) return only;
  return `CASE ${group} ${[...cases].map(([of, expression]) => `WHEN ${of} THEN ${expression}`).join(' ')} END`;
}
