import { denominatorOf, type MetricDefinition } from '../../definitions/metric.ts';

/** Where a metric is found among the totals of a unit: in the row of its group, in the columns of its slot. */
export interface MetricPlace {
  /** Place of the metric in the list. */
  readonly metric: number;
  readonly group: number;
  readonly slot: number;
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
  return metrics.map((metric, index) => {
    const group = groups.indexOf(groupOf.get(metric.event) ?? -1);
    const slot = sizes[group];
    if (slot === undefined) throw new RangeError(`metric ${metric.key} reads no events`);
    sizes[group] = slot + 1;
    return { metric: index, group, slot, events: eventsOf(metric) };
  });
}

function eventsOf(metric: MetricDefinition): string[] {
  const denominator = denominatorOf(metric);
  return [metric.event, ...(denominator === null ? [] : [denominator.event])];
}

/**
 * What a slot holds in each group, as one expression over the column that tells the group; of groups that have no such slot, or of which
 * `expressionOf` says null, NULL.
 */
export function bySlot(
  places: readonly MetricPlace[],
  slot: number,
  expressionOf: (metric: number) => string | null,
  group = 'event_group',
): string {
  const cases = places
    .filter((place) => place.slot === slot)
    .map((place) => ({ group: place.group, expression: expressionOf(place.metric) }))
    .filter((found): found is { group: number; expression: string } => found.expression !== null);
  const distinct = new Set(cases.map(({ expression }) => expression));
  const [only] = distinct;
  const isEverywhere = cases.length === new Set(places.map(({ group }) => group)).size;
  if (only === undefined) return 'NULL';
  if (distinct.size === 1 && isEverywhere) return only;
  return `CASE ${group} ${cases.map((each) => `WHEN ${each.group} THEN ${each.expression}`).join(' ')} END`;
}
