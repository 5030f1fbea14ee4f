import { isQuotient, type MetricDefinition } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';
import { outcomeReads, type OutcomeRead } from '../staging/outcomes.ts';
import { isDistinct, metricOf, type DayPlan } from './day-units.ts';
import { byGroup, type MetricPlace } from './event-groups.ts';

/** What the metrics of an event's group read of it, side by side. */
function readColumns(dialect: Dialect, plan: DayPlan): string[] {
  const { metrics } = plan;
  const reads = outcomeReads(dialect, metrics);
  const column = (total: number, name: string, isMeant: (read: OutcomeRead) => boolean): string[] => {
    const placed = new Set(addedUpIn(plan, total).map(({ metric }) => metric));
    const meant = reads.filter((read) => placed.has(read.metric) && isMeant(read));
    const amounts = [...new Set(meant.map(({ amount }) => amount))];
    const cases = amounts.map((amount) => {
      const when = meant.filter((read) => read.amount === amount).map((read) => `(${read.when})`);
      return `WHEN ${when.join(' OR ')} THEN ${amount}`;
    });
    if (cases.length === 0) return [];
    const whole = `CASE ${cases.join(' ')} END`;
    // Doubles are added up faster than whole numbers, which must not overflow.
    return [`${name === 'text' ? whole : dialect.toDouble(whole)} AS ${name}_${total}`];
  };
  return [
    `${eventGroup(dialect, plan)} AS event_group`,
    ...totalsOf(plan).flatMap((total) => [
      ...column(total, 'number', ({ of, metric }) => of === 'value' && !isDistinct(metrics[metric])),
      ...column(total, 'text', ({ of, metric }) => of === 'value' && isDistinct(metrics[metric])),
      ...column(total, 'divisor', ({ of }) => of === 'denominator'),
    ]),
  ];
}

function totalsOf({ places }: DayPlan): readonly number[] {
  return Array.from({ length: Math.max(...places.map(({ total }) => total)) + 1 }, (_, total) => total);
}

/** One metric of each group that adds something up in these columns; the others of the group add up the same. */
function addedUpIn({ places }: DayPlan, total: number): readonly MetricPlace[] {
  const placed = places.filter((place) => place.total === total);
  return [...new Map(placed.map((place) => [place.group, place])).values()];
}

function eventGroup(dialect: Dialect, { places }: DayPlan): string {
  const groupOf = new Map(places.flatMap(({ group, events }) => events.map((event) => [event, group] as const)));
  const groups = [...groupOf].map(
    ([, group], index) => `WHEN ${dialect.parameter(`grouped_event_${index}`)} THEN ${group}`,
  );
  return `CASE event_type ${groups.join(' ')} END`;
}

/** The parameters that the columns of what is read refer to. */
export function groupParameters({ places }: DayPlan): Record<string, string> {
  const events = new Set(places.flatMap((place) => place.events));
  return Object.fromEntries([...events].map((event, index) => [`grouped_event_${index}`, event]));
}

/** What is carried of an outcome to the units that it meets. */
export function carriedColumns(dialect: Dialect, plan: DayPlan): string[] {
  return plan.readsFirst ? readColumns(dialect, plan) : ['properties'];
}

/** Outcomes with the units in whose window, or covariate's, they are. */
export function metOutcomes(dialect: Dialect, plan: DayPlan): readonly Model[] {
  const { metrics, readsFirst } = plan;
  const at = (ms: number): string => dialect.addMs('unit.first_exposed_at', ms);
  const longestWindowMs = Math.max(...metrics.map(({ windowMs }) => windowMs));
  const longestCovariateMs = Math.max(...metrics.map(({ covariateMs }) => covariateMs));
  const read = readColumns(dialect, plan);
  const names = read.map((column) => column.slice(column.lastIndexOf(' ') + 1));
  const carried = readsFirst ? names : ['event_type', 'properties'];
  const met: Model = {
    name: 'met_outcomes',
    sql: `
-- One row per question, unit and outcome: question, unit_key, first_exposed_at, occurred_at, and what is read of the event.
SELECT
  unit.question, unit.unit_key, unit.first_exposed_at, outcome.occurred_at,
  ${carried.map((column) => `outcome.${column}`).join(', ')}
FROM day_units AS unit
INNER JOIN int_unit_outcomes AS outcome
  ON outcome.unit_id = unit.unit_id
  AND outcome.occurred_at >= ${at(-longestCovariateMs)}
  AND outcome.occurred_at < ${at(longestWindowMs)}`,
  };
  const readOutcomes: Model = {
    name: 'read_outcomes',
    sql: `
-- One row per question, unit and outcome: question, unit_key, first_exposed_at, occurred_at, event_group, and what is read of it.
SELECT
  question, unit_key, first_exposed_at, occurred_at,
  ${read.join(',\n  ')}
FROM met_outcomes`,
  };
  return readsFirst ? [met] : [met, readOutcomes];
}

/** Each unit's totals in its window and before its first exposure. Units without events of a group have none: their totals are 0. */
export function unitTotals(dialect: Dialect, plan: DayPlan): Model {
  const at = (ms: number): string => dialect.addMs('outcome.first_exposed_at', ms);
  const between = (from: string, until: string): string =>
    `outcome.occurred_at >= ${from} AND outcome.occurred_at < ${until}`;
  const inWindow = ({ fromMs = 0, windowMs }: MetricDefinition): string =>
    between(fromMs === 0 ? 'outcome.first_exposed_at' : at(fromMs), at(windowMs));
  const before = ({ covariateMs }: MetricDefinition): string => between(at(-covariateMs), 'outcome.first_exposed_at');
  const columns = totalsOf(plan).flatMap((total) => {
    const placed = addedUpIn(plan, total);
    const of = (isMeant: (metric: MetricDefinition) => boolean) =>
      placed.filter(({ metric }) => isMeant(metricOf(plan, metric)));
    const column = (
      meant: readonly MetricPlace[],
      aggregate: string,
      read: string,
      name: string,
      when: typeof before,
    ) =>
      meant.length === 0
        ? []
        : [
            `${aggregate}CASE WHEN ${byGroup(meant, ({ metric }) => when(metricOf(plan, metric)), 'outcome.event_group')} THEN outcome.${read}_${total} END) AS ${name}_${total}`,
          ];
    const numbers = of((metric) => !isDistinct(metric));
    const texts = of(isDistinct);
    return [
      ...column(numbers, 'SUM(', 'number', 'y', inWindow),
      ...column(numbers, 'SUM(', 'number', 'x', before),
      ...column(texts, 'COUNT(DISTINCT ', 'text', 'distinct_y', inWindow),
      ...column(texts, 'COUNT(DISTINCT ', 'text', 'distinct_x', before),
      ...column(of(isQuotient), 'SUM(', 'divisor', 'd', inWindow),
    ];
  });
  const asked = plan.asksAll
    ? ''
    : `
INNER JOIN asked_groups AS asked_group
  ON asked_group.question = outcome.question AND asked_group.event_group = outcome.event_group`;
  return {
    name: 'unit_totals',
    sql: `
-- One row per question, unit and group of events that it has: question, unit_key, event_group, and by slot the totals y and d in the
-- window and x before the first exposure.
SELECT
  outcome.question,
  outcome.unit_key,
  outcome.event_group,
  ${columns.join(',\n  ')}
FROM ${plan.readsFirst ? 'met_outcomes' : 'read_outcomes'} AS outcome${asked}
GROUP BY outcome.question, outcome.unit_key, outcome.event_group`,
  };
}
