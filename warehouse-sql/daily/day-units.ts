import { denominatorOf, type MetricDefinition } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';
import { outcomeReads, type OutcomeRead } from '../staging/outcomes.ts';
import { bySlot, type MetricPlace } from './event-groups.ts';

/** What the models of one computation have in common. */
export interface DayPlan {
  readonly metrics: readonly MetricDefinition[];
  readonly places: readonly MetricPlace[];
  /** Segment attributes. */
  readonly attributes: readonly string[];
  /** Whether each question asks for all groups: else the totals of groups that were not asked are left out. */
  readonly asksAll: boolean;
}

export function slotsOf({ places }: DayPlan): readonly number[] {
  return Array.from({ length: Math.max(...places.map(({ slot }) => slot)) + 1 }, (_, slot) => slot);
}

export function metricOf({ metrics }: DayPlan, index: number): MetricDefinition {
  const metric = metrics[index];
  if (metric === undefined) throw new RangeError(`there is no metric ${index}`);
  return metric;
}

/** The units of the days that are missing. */
export function dayUnits(dialect: Dialect, { attributes }: DayPlan): Model {
  const segments = attributes.map(
    (attribute, index) => `,\n  ${dialect.jsonText('exposure.segments', attribute)} AS segment_${index}`,
  );
  return {
    name: 'day_units',
    sql: `
-- One row per question and unit of a missing day: question, day_ms, as_of_ms, unit_id, unit_key (its exposure's place in the log, one
-- number, because numbers are compared faster than ids), variant, first_exposed_at, first_ms, segment_0, …
SELECT
  asked_day.question,
  asked_day.day_ms,
  asked_day.as_of_ms,
  exposure.unit_id,
  exposure.log_partition * ${2 ** 43} + exposure.log_offset AS unit_key,
  exposure.variant,
  exposure.first_exposed_at,
  ${dialect.epochMs('exposure.first_exposed_at')} AS first_ms${segments.join('')}
FROM unit_exposures AS exposure
INNER JOIN (
  SELECT DISTINCT question, experiment_key, epoch, day_ms, as_of_ms FROM missing_days
) AS asked_day
  ON asked_day.experiment_key = exposure.experiment_key
  AND asked_day.epoch = exposure.epoch
  AND asked_day.day_ms = ${dialect.dayMs('exposure.first_exposed_at')}`,
  };
}

/** What the metrics of an event's group read of it, side by side in slots. */
export function slotColumns(dialect: Dialect, plan: DayPlan): string[] {
  const { metrics, places } = plan;
  const reads = outcomeReads(dialect, metrics);
  const column = (slot: number, name: string, isMeant: (read: OutcomeRead) => boolean): string[] => {
    const placed = new Set(places.filter((place) => place.slot === slot).map(({ metric }) => metric));
    const meant = reads.filter((read) => placed.has(read.metric) && isMeant(read));
    const amounts = [...new Set(meant.map(({ amount }) => amount))];
    const cases = amounts.map((amount) => {
      const when = meant.filter((read) => read.amount === amount).map((read) => `(${read.when})`);
      return `WHEN ${when.join(' OR ')} THEN ${amount}`;
    });
    return cases.length === 0 ? [] : [`CASE ${cases.join(' ')} END AS ${name}_${slot}`];
  };
  return [
    `${eventGroup(dialect, plan)} AS event_group`,
    ...slotsOf(plan).flatMap((slot) => [
      ...column(slot, 'number', ({ of, metric }) => of === 'value' && !isDistinct(metrics[metric])),
      ...column(slot, 'text', ({ of, metric }) => of === 'value' && isDistinct(metrics[metric])),
      ...column(slot, 'divisor', ({ of }) => of === 'denominator'),
    ]),
  ];
}

function eventGroup(dialect: Dialect, { places }: DayPlan): string {
  const groupOf = new Map(places.flatMap(({ group, events }) => events.map((event) => [event, group] as const)));
  const groups = [...groupOf].map(
    ([, group], index) => `WHEN ${dialect.parameter(`grouped_event_${index}`)} THEN ${group}`,
  );
  return `CASE event_type ${groups.join(' ')} END`;
}

/** The parameters that `slotColumns` refers to. */
export function groupParameters({ places }: DayPlan): Record<string, string> {
  const events = new Set(places.flatMap((place) => place.events));
  return Object.fromEntries([...events].map((event, index) => [`grouped_event_${index}`, event]));
}

export function isDistinct(metric: MetricDefinition | undefined): boolean {
  return metric?.type === 'count_distinct';
}

/** Each unit's totals in its window and before its first exposure. Units without events of a group have none: their totals are 0. */
export function unitTotals(dialect: Dialect, plan: DayPlan): Model {
  const { metrics, places } = plan;
  const at = (ms: number): string => dialect.addMs('unit.first_exposed_at', ms);
  const between = (from: string, until: string): string =>
    `outcome.occurred_at >= ${from} AND outcome.occurred_at < ${until}`;
  const inWindow = (index: number): string => {
    const { fromMs = 0, windowMs } = metricOf(plan, index);
    return between(fromMs === 0 ? 'unit.first_exposed_at' : at(fromMs), at(windowMs));
  };
  const whole = (index: number): string => between('unit.first_exposed_at', at(metricOf(plan, index).windowMs));
  const before = (index: number): string => between(at(-metricOf(plan, index).covariateMs), 'unit.first_exposed_at');
  const columns = slotsOf(plan).flatMap((slot) => {
    const placed = places.filter((place) => place.slot === slot).map(({ metric }) => metricOf(plan, metric));
    const when = (condition: (index: number) => string): string =>
      bySlot(places, slot, condition, 'outcome.event_group');
    return [
      ...(placed.every(isDistinct)
        ? []
        : [
            `SUM(CASE WHEN ${when(inWindow)} THEN outcome.number_${slot} END) AS y_${slot}`,
            `SUM(CASE WHEN ${when(before)} THEN outcome.number_${slot} END) AS x_${slot}`,
          ]),
      ...(placed.some(isDistinct)
        ? [
            `COUNT(DISTINCT CASE WHEN ${when(inWindow)} THEN outcome.text_${slot} END) AS distinct_y_${slot}`,
            `COUNT(DISTINCT CASE WHEN ${when(before)} THEN outcome.text_${slot} END) AS distinct_x_${slot}`,
          ]
        : []),
      ...(placed.some((metric) => denominatorOf(metric) !== null)
        ? [`SUM(CASE WHEN ${when(whole)} THEN outcome.divisor_${slot} END) AS d_${slot}`]
        : []),
    ];
  });
  const longest = {
    windowMs: Math.max(...metrics.map(({ windowMs }) => windowMs)),
    covariateMs: Math.max(...metrics.map(({ covariateMs }) => covariateMs)),
  };
  const asked = plan.asksAll
    ? ''
    : `
INNER JOIN asked_groups AS asked_group
  ON asked_group.question = unit.question AND asked_group.event_group = outcome.event_group`;
  return {
    name: 'unit_totals',
    sql: `
-- One row per question, unit and group of events that it has: question, unit_key, event_group, and by slot the totals y and d in the
-- window and x before the first exposure.
SELECT
  unit.question,
  unit.unit_key,
  outcome.event_group,
  ${columns.join(',\n  ')}
FROM day_units AS unit
INNER JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = unit.unit_id
  AND ${between(at(-longest.covariateMs), at(longest.windowMs))}${asked}
GROUP BY unit.question, unit.unit_key, outcome.event_group`,
  };
}
