import type { SourceMetric } from '../../definitions/warehouse-source.ts';
import type { Dialect, Model } from '../dialect.ts';
import { text, utcTime, type ExistingAnalysis, type KnownFacts } from './source.ts';

export function factsName(index: number): string {
  return `umpire_facts_${index}`;
}

/** The outcomes of all metrics, from all of their fact queries, by unit. */
export function existingOutcomes(
  dialect: Dialect,
  { facts, metrics }: Pick<ExistingAnalysis, 'facts' | 'metrics'>,
): Model {
  const parts = facts.map((known, index) => outcomesOf(dialect, known, index, metrics));
  return {
    name: 'int_unit_outcomes',
    sql: `
-- One row per row of a fact query that a metric may count, once per id where the query declares one:
-- unit_id, occurred_at, value_0, value_1, … (NULL where the row is none of the metric's).${parts.join('\nUNION ALL')}`,
  };
}

function outcomesOf(
  dialect: Dialect,
  { query: { key, columns }, kinds }: KnownFacts,
  index: number,
  metrics: readonly SourceMetric[],
): string {
  const values = metrics.map(
    (metric, place) => `    ${metric.facts === key ? valueSql(dialect, metric) : none(dialect)} AS value_${place}`,
  );
  const covariateMs = Math.max(...metrics.map((metric) => metric.covariateMs));
  const earliest = `(SELECT ${dialect.addMs('MIN(first_exposed_at)', -covariateMs)} FROM int_first_exposures)`;
  const id = columns.id === null ? '' : `    ${text(dialect, columns.id)} AS fact_id,\n`;
  const list = ['unit_id', 'occurred_at', ...metrics.map((_, place) => `value_${place}`)].join(', ');
  return `
SELECT ${list}
FROM (
  SELECT
    ${text(dialect, columns.unit)} AS unit_id,
    ${utcTime(dialect, columns.occurredAt, kinds.get(columns.occurredAt.toLowerCase()))} AS occurred_at,
${id}${values.join(',\n')}
  FROM ${factsName(index)}
) AS fact_${index}
WHERE occurred_at < ${dialect.parameter('as_of')} AND occurred_at >= ${earliest}${once(columns.id, list)}`;
}

/** Which of several rows with one id counts must not depend on how the engine reads them: the earliest, then by its values. */
function once(id: string | null, order: string): string {
  if (id === null) return '';
  const byValue = order.replace('unit_id, occurred_at', 'occurred_at, unit_id');
  return `\nQUALIFY fact_id IS NULL OR ROW_NUMBER() OVER (PARTITION BY fact_id ORDER BY ${byValue}) = 1`;
}

function none(dialect: Dialect): string {
  return dialect.toDouble('NULL');
}

function valueSql(dialect: Dialect, { type, value }: SourceMetric): string {
  if (value === null) return dialect.toDouble('1');
  const column = dialect.column(value);
  return type === 'sum'
    ? `COALESCE(${dialect.toDouble(column)}, ${dialect.toDouble('0')})`
    : `CASE WHEN ${column} THEN ${dialect.toDouble('1')} END`;
}
