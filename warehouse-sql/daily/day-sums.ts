import { isQuotient } from '../../definitions/metric.ts';
import type { Dialect, Model } from '../dialect.ts';
import { isDistinct, metricOf, slotsOf, type DayPlan } from './day-units.ts';
import { byGroup, type MetricPlace } from './event-groups.ts';

const PRODUCTS = {
  y: ['y'],
  yy: ['y', 'y'],
  x: ['x'],
  xx: ['x', 'x'],
  xy: ['x', 'y'],
  d: ['d'],
  dd: ['d', 'd'],
  yd: ['y', 'd'],
  xd: ['x', 'd'],
} as const;
type Product = keyof typeof PRODUCTS;
const OF_DENOMINATOR: readonly Product[] = ['d', 'dd', 'yd', 'xd'];

/** Sums over the units of a day, as columns by slot. */
export function daySums(dialect: Dialect, plan: DayPlan): Model {
  const slots = slotsOf(plan);
  const values = slots.flatMap((slot) => {
    const placed = plan.places.filter((place) => place.slot === slot);
    const isMatured = byGroup(placed, ({ metric }) => `first_ms + ${metricOf(plan, metric).windowMs} <= as_of_ms`);
    const value = (name: string, valueIn: (place: MetricPlace) => string): string =>
      `${dialect.toDouble(`CASE WHEN ${isMatured} THEN ${byGroup(placed, valueIn)} END`)} AS ${name}_${slot}`;
    const quotients = placed.filter(({ metric }) => isQuotient(metricOf(plan, metric)));
    return [
      value('y', (place) => valueOf(plan, place, 'y')),
      value('x', (place) => valueOf(plan, place, 'x')),
      ...(quotients.length === 0
        ? []
        : [
            value('d', ({ total }) =>
              quotients.some((place) => place.total === total) ? `COALESCE(d_${total}, 0)` : '0',
            ),
          ]),
    ];
  });
  const sums = slots.flatMap((slot) =>
    productsOf(plan, slot).map(
      (product) =>
        `SUM(${PRODUCTS[product].map((factor) => `${factor}_${slot}`).join(' * ')}) AS sum_${product}_${slot}`,
    ),
  );
  return {
    name: 'day_sums',
    sql: `
-- One row per question, day, segment value (or none), variant and group of events: sums, squares and cross products by slot over the units
-- whose window has closed.
SELECT
  question, day_ms, variant, event_group,
  ${segmentColumns(plan)},
  ${sums.join(',\n  ')}
FROM (
  SELECT
    unit.question, unit.day_ms, unit.variant, totals.event_group${plan.attributes.map((_, index) => `, unit.segment_${index}`).join('')},
    ${values.join(',\n    ')}
  FROM unit_totals AS totals
  INNER JOIN day_units AS unit ON unit.question = totals.question AND unit.unit_key = totals.unit_key
) AS unit_values
${cuts(plan)}
GROUP BY question, day_ms, variant, event_group, attribute, value`,
  };
}

/** A metric's value of a unit, out of its totals. */
function valueOf(plan: DayPlan, { metric: index, total }: MetricPlace, side: 'y' | 'x'): string {
  const metric = metricOf(plan, index);
  const { type, cap } = metric;
  if (isDistinct(metric)) return `distinct_${side}_${total}`;
  const whole = `COALESCE(${side}_${total}, 0)`;
  if (type === 'proportion' || type === 'retention') return `LEAST(${whole}, 1)`;
  return cap === undefined ? whole : `LEAST(${whole}, ${cap})`;
}

/** How many units of a day there are, whether they have events or not. */
export function unitCounts(plan: DayPlan): Model {
  const counts = windowsOf(plan).map(
    (windowMs, index) => `SUM(CASE WHEN first_ms + ${windowMs} <= as_of_ms THEN 1 ELSE 0 END) AS units_${index}`,
  );
  return {
    name: 'unit_counts',
    sql: `
-- One row per question, day, segment value (or none) and variant: units_0, … whose window of each length has closed.
SELECT
  question, day_ms, variant,
  ${segmentColumns(plan)},
  ${counts.join(',\n  ')}
FROM day_units
${cuts(plan)}
GROUP BY question, day_ms, variant, attribute, value`,
  };
}

function windowsOf({ metrics }: DayPlan): number[] {
  return [...new Set(metrics.map(({ windowMs }) => windowMs))];
}

/** Sums and counts by metric. */
export function dayMetrics(dialect: Dialect, plan: DayPlan): Model {
  const windows = windowsOf(plan);
  const layout = plan.places.map(
    ({ metric, group, slot }) =>
      `SELECT ${metric} AS metric, ${group} AS event_group, ${slot} AS slot, ` +
      `${windows.indexOf(metricOf(plan, metric).windowMs)} AS window_place, ` +
      `${isQuotient(metricOf(plan, metric)) ? 1 : 0} AS is_quotient`,
  );
  const units = windows.map((_, index) => `WHEN ${index} THEN counted.units_${index}`).join(' ');
  const sums = (Object.keys(PRODUCTS) as Product[]).map((product) => {
    const cases = slotsOf(plan)
      .filter((slot) => productsOf(plan, slot).includes(product))
      .map((slot) => `WHEN ${slot} THEN summed.sum_${product}_${slot}`);
    const none = dialect.toDouble('NULL');
    if (cases.length === 0) return `${none} AS sum_${product}`;
    const sum = `COALESCE(CASE layout.slot ${cases.join(' ')} END, 0)`;
    return OF_DENOMINATOR.includes(product)
      ? `CASE WHEN layout.is_quotient = 1 THEN ${sum} END AS sum_${product}`
      : `${sum} AS sum_${product}`;
  });
  return {
    name: 'day_metrics',
    sql: `
-- One row per question, metric, day, segment value (or none) and variant: units, sum_y, …
SELECT
  counted.question, layout.metric, counted.day_ms, counted.attribute, counted.value, counted.variant,
  CASE layout.window_place ${units} END AS units,
  ${sums.join(',\n  ')}
FROM unit_counts AS counted
CROSS JOIN (
  ${layout.join('\n  UNION ALL ')}
) AS layout
LEFT JOIN day_sums AS summed
  ON summed.question = counted.question
  AND summed.day_ms = counted.day_ms
  AND summed.variant = counted.variant
  AND summed.attribute = counted.attribute
  AND summed.value = counted.value
  AND summed.event_group = layout.event_group
WHERE counted.value IS NOT NULL`,
  };
}

function productsOf(plan: DayPlan, slot: number): Product[] {
  const all = Object.keys(PRODUCTS) as Product[];
  return hasDivisor(plan, slot) ? all : all.filter((product) => !OF_DENOMINATOR.includes(product));
}

function hasDivisor(plan: DayPlan, slot: number): boolean {
  return plan.places.some((place) => place.slot === slot && isQuotient(metricOf(plan, place.metric)));
}

/** Of rows of all units both are empty; of units that lack the segment the value is NULL. */
function segmentColumns({ attributes }: DayPlan): string {
  const cases = (column: (index: number) => string): string =>
    `CASE cut ${attributes.map((_, index) => `WHEN ${index} THEN ${column(index)}`).join(' ')} ELSE '' END`;
  if (attributes.length === 0) return `'' AS attribute,\n  '' AS value`;
  return `${cases((index) => `'${attributes[index] ?? ''}'`)} AS attribute,\n  ${cases((index) => `segment_${index}`)} AS value`;
}

/**
 * Each row once for all units (cut −1) and once for each attribute, so that one pass sums all of them up. Grouping sets would say the same, but
 * neither Google's analyzer nor its reference evaluator takes them.
 */
function cuts({ attributes }: DayPlan): string {
  const list = [-1, ...attributes.keys()].map((cut) => `SELECT ${cut} AS cut`);
  return `CROSS JOIN (${list.join(' UNION ALL ')}) AS cuts`;
}
