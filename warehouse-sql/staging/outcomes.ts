import {
  denominatorOf,
  type MetricDefinition,
  type MetricEvents,
  type PropertyFilter,
} from '../../definitions/metric.ts';
import type { StatementParameter } from '../../warehouse/port.ts';
import type { Dialect, Model } from '../dialect.ts';
import { firstCopies } from '../first-copies.ts';

/**
 * The events that any of the metrics counts, read once for all of them: `value_0` is what the first metric reads from the event (1, or the
 * property that it sums), NULL where the event is none of its own; `denominator_0` is the same of what a quotient is divided by. Events that are too early for every unit are not even read, which spares
 * most of a long history.
 */
export function stagingOutcomes(
  dialect: Dialect,
  metrics: readonly MetricDefinition[],
  unitType: string,
  { span = spanOfExposures(dialect, metrics), columns = valueColumns(dialect, metrics), copies }: OutcomeOptions = {},
): readonly Model[] {
  const read = metrics.flatMap(eventsOf);
  const hasFunnel = metrics.some(({ type }) => type === 'funnel');
  const events = [...new Map(read.map(({ name, counted }) => [counted.event, name])).values()].map(dialect.parameter);
  return firstCopies(dialect, {
    name: 'outcomes',
    comment: `-- One row per event that a metric may count, the first in the log where an event id came twice:
-- event_type, user_id, anonymous_id, named_unit_id, occurred_at, value_0, value_1, …, denominator_0, … of quotients.`,
    columns: [
      ...(hasFunnel ? ['log_partition', 'log_offset'] : []),
      'event_type',
      'user_id',
      'anonymous_id',
      `${namedUnit(dialect, unitType)} AS named_unit_id`,
      'occurred_at',
      ...columns,
    ],
    where: `event_type IN (${events.join(', ')})`,
    ...span,
    ...(copies === undefined ? {} : { copies }),
  });
}

interface OutcomeOptions {
  /** From which time on, and until which; else all that the first exposures need. */
  readonly span?: EventSpan;
  /** What is read of an event; else `value_0`, … and `denominator_0`, … */
  readonly columns?: readonly string[];
  /** The model of the copies where they are known already; see `firstCopies`. */
  readonly copies?: Model;
}

function valueColumns(dialect: Dialect, metrics: readonly MetricDefinition[]): string[] {
  return outcomeReads(dialect, metrics).map(
    ({ column, when, amount }) => `CASE WHEN ${when} THEN ${amount} END AS ${column}`,
  );
}

/** What a metric reads of the events that are its own. */
export interface OutcomeRead {
  /** Place of the metric in the list. */
  readonly metric: number;
  readonly of: 'value' | 'denominator';
  readonly column: string;
  readonly when: string;
  readonly amount: string;
}

export function outcomeReads(dialect: Dialect, metrics: readonly MetricDefinition[]): readonly OutcomeRead[] {
  return metrics.flatMap((metric, index) =>
    eventsOf(metric, index).map(({ name, column, counted }, place) => ({
      metric: index,
      of: place === 0 ? 'value' : 'denominator',
      column,
      when: isCounted(dialect, counted, name),
      amount: amountSql(dialect, counted),
    })),
  );
}

/** From which time on, and until which, in SQL. */
export interface EventSpan {
  readonly from: string;
  readonly until: string;
}

/** From the first covariate of the first unit until the as-of time. */
function spanOfExposures(dialect: Dialect, metrics: readonly MetricDefinition[]): EventSpan {
  const covariateMs = Math.max(...metrics.map((metric) => metric.covariateMs));
  const from = `(SELECT ${dialect.addMs('MIN(first_exposed_at)', -covariateMs)} FROM int_first_exposures)`;
  return { from, until: dialect.parameter('as_of') };
}

/** The parameters that `stagingOutcomes` refers to, besides `as_of`. */
export function outcomeParameters(metrics: readonly MetricDefinition[]): Record<string, StatementParameter> {
  const read = metrics.flatMap(eventsOf);
  const parameters = read.flatMap(({ name, counted: { event, where } }) => [
    [name, event] as const,
    ...where.map(({ value }, index) => [filterName(name, index), value] as const),
  ]);
  return Object.fromEntries(parameters);
}

/** Events that a metric reads into a column. */
interface ReadEvents {
  /** Of the parameter that holds the event type. */
  readonly name: string;
  readonly column: string;
  readonly counted: CountedEvents;
}

interface CountedEvents extends MetricEvents {
  readonly amount: 'one' | 'number' | 'one-per-number' | 'number-or-zero' | 'text';
}

function eventsOf(metric: MetricDefinition, index: number): ReadEvents[] {
  if (metric.type === 'funnel') return stepsOf(metric, index);
  const own = { name: `event_${index}`, column: `value_${index}`, counted: { ...metric, amount: amountOf(metric) } };
  const denominator = denominatorOf(metric);
  if (denominator === null) return [own];
  const name = `denominator_event_${index}`;
  if (metric.type === 'mean') {
    // Where there is a number to average.
    return [own, { name, column: `denominator_${index}`, counted: { ...metric, amount: 'one-per-number' } }];
  }
  const amount = denominator.property === null ? 'one' : 'number-or-zero';
  return [own, { name, column: `denominator_${index}`, counted: { ...denominator, amount } }];
}

function stepsOf({ event, where, steps = [] }: MetricDefinition, index: number): ReadEvents[] {
  return [{ event, where }, ...steps].map((step, place) => ({
    name: place === 0 ? `event_${index}` : `event_${index}_step_${place}`,
    column: `step_${index}_${place}`,
    counted: { ...step, property: null, amount: 'one' },
  }));
}

function amountOf({ key, type, property }: MetricDefinition): CountedEvents['amount'] {
  if (type === 'ratio') return property === null ? 'one' : 'number-or-zero';
  const readsProperty = type === 'sum' || type === 'mean' || type === 'count_distinct' || type === 'quantile';
  if (!readsProperty) return 'one';
  if (property === null) throw new RangeError(`metric ${key} is of type ${type} and needs a property`);
  if (type === 'count_distinct') return 'text';
  return type === 'sum' ? 'number-or-zero' : 'number';
}

const filterName = (events: string, index: number): string => `${events.replace('event', 'where')}_${index}`;

/** The unit that an outcome names in a property of its own; users and devices are in the envelope. */
export function namedUnit(dialect: Dialect, unitType: string): string {
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

function isCounted(dialect: Dialect, { where }: CountedEvents, name: string): string {
  const filters = where.map((filter, index) => filterSql(dialect, filter, dialect.parameter(filterName(name, index))));
  return [`event_type = ${dialect.parameter(name)}`, ...filters].join(' AND ');
}

function amountSql(dialect: Dialect, { amount, property }: Pick<CountedEvents, 'amount' | 'property'>): string {
  if (amount === 'one' || property === null) return '1';
  if (amount === 'text') return dialect.jsonText('properties', property);
  const number = dialect.jsonNumber('properties', property);
  if (amount === 'one-per-number') return `CASE WHEN ${number} IS NOT NULL THEN 1 END`;
  return amount === 'number' ? number : `COALESCE(${number}, 0)`;
}
