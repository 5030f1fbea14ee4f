import type { MetricDefinition, PropertyFilter } from '../../definitions/metric.ts';
import type { StatementParameter } from '../../warehouse/port.ts';
import type { Dialect, Model } from '../dialect.ts';
import { firstCopies } from '../first-copies.ts';

/**
 * The events that any of the metrics counts, read once for all of them: `value_0` is what the first metric reads from the event (1, or the
 * property that it sums), NULL where the event is none of its own. Events that are too early for every unit are not even read, which spares
 * most of a long history.
 */
export function stagingOutcomes(
  dialect: Dialect,
  metrics: readonly MetricDefinition[],
  unitType: string,
): readonly Model[] {
  const p = dialect.parameter;
  const events = [...new Set(metrics.map(({ event }) => event))].map((event) =>
    p(eventName(metrics.findIndex((metric) => metric.event === event))),
  );
  const covariateMs = Math.max(...metrics.map((metric) => metric.covariateMs));
  const earliest = `(SELECT ${dialect.addMs('MIN(first_exposed_at)', -covariateMs)} FROM int_first_exposures)`;
  const values = metrics.map((definition, metric) => `${valueSql(dialect, definition, metric)} AS value_${metric}`);
  return firstCopies({
    name: 'outcomes',
    comment: `-- One row per event that a metric may count, the first in the log where an event id came twice:
-- user_id, anonymous_id, named_unit_id, occurred_at, value_0, value_1, …`,
    columns: ['user_id', 'anonymous_id', `${namedUnit(dialect, unitType)} AS named_unit_id`, 'occurred_at', ...values],
    where: `event_type IN (${events.join(', ')})
  AND occurred_at < ${p('as_of')}
  AND occurred_at >= ${earliest}`,
  });
}

/** The parameters that `stagingOutcomes` refers to, besides `as_of`. */
export function outcomeParameters(metrics: readonly MetricDefinition[]): Record<string, StatementParameter> {
  const parameters = metrics.flatMap(({ event, where }, metric) => [
    [eventName(metric), event] as const,
    ...where.map(({ value }, index) => [filterName(metric, index), value] as const),
  ]);
  return Object.fromEntries(parameters);
}

const eventName = (metric: number): string => `event_${metric}`;
const filterName = (metric: number, index: number): string => `where_${metric}_${index}`;

/** The unit that an outcome names in a property of its own; users and devices are in the envelope. */
function namedUnit(dialect: Dialect, unitType: string): string {
  if (unitType === 'user' || unitType === 'device') return 'CAST(NULL AS STRING)';
  return dialect.jsonText('properties', unitType);
}

const OPERATORS: Readonly<Record<PropertyFilter['operator'], string>> = {
  equals: '=',
  not_equals: '<>',
  greater_than: '>',
  less_than: '<',
};

/** A property that is missing makes no comparison true. One of another type is different from every value, and neither more nor less. */
function filterSql(dialect: Dialect, { property, operator, value }: PropertyFilter, parameter: string): string {
  const read = { string: dialect.jsonText, number: dialect.jsonNumber, boolean: dialect.jsonBoolean };
  const typed = read[typeof value as keyof typeof read]('properties', property);
  if (operator !== 'not_equals') return `(${typed}) ${OPERATORS[operator]} ${parameter}`;
  return `(${dialect.jsonText('properties', property)} IS NOT NULL AND COALESCE((${typed}) <> ${parameter}, TRUE))`;
}

function valueSql(dialect: Dialect, definition: MetricDefinition, metric: number): string {
  const filters = definition.where.map((filter, index) =>
    filterSql(dialect, filter, dialect.parameter(filterName(metric, index))),
  );
  const condition = [`event_type = ${dialect.parameter(eventName(metric))}`, ...filters].join(' AND ');
  return `CASE WHEN ${condition} THEN ${amountSql(dialect, definition)} END`;
}

function amountSql(dialect: Dialect, { key, type, property }: MetricDefinition): string {
  if (type !== 'sum') return '1';
  if (property === null) throw new RangeError(`metric ${key} is of type sum and needs a property`);
  return `COALESCE(${dialect.jsonNumber('properties', property)}, 0)`;
}
