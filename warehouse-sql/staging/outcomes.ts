import type { MetricDefinition, PropertyFilter } from '../../definitions/metric.ts';
import type { StatementParameter } from '../../warehouse/port.ts';
import type { Dialect, Model } from '../dialect.ts';

/** Events that a metric counts, each once. */
export function stagingOutcomes(dialect: Dialect, metric: MetricDefinition): Model {
  const p = dialect.parameter;
  const filters = metric.where.map((filter, index) => `\n  AND ${filterSql(dialect, filter, p(filterName(index)))}`);
  return {
    name: 'stg_outcomes',
    sql: `
-- One row per event that the metric counts, without duplicates:
-- event_id, user_id, anonymous_id, properties (JSON), occurred_at, value.
SELECT event_id, user_id, anonymous_id, properties, occurred_at, ${valueSql(dialect, metric)} AS value
FROM raw_events
WHERE event_type = ${p('event_type')}${filters.join('')}
QUALIFY ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY log_partition, log_offset) = 1`,
  };
}

/** The parameters that `stagingOutcomes` refers to. */
export function outcomeParameters(metric: MetricDefinition): Record<string, StatementParameter> {
  const filters = metric.where.map(({ value }, index) => [filterName(index), value] as const);
  return { event_type: metric.event, ...Object.fromEntries(filters) };
}

function filterName(index: number): string {
  return `where_${index}`;
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

function valueSql(dialect: Dialect, { type, property }: MetricDefinition): string {
  if (type !== 'sum') return '1';
  if (property === null) throw new RangeError('a metric of type sum needs a property');
  return `COALESCE(${dialect.jsonNumber('properties', property)}, 0)`;
}
