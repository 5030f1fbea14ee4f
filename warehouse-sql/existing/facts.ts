import { readsOf, type SourceMetric, type SourceRead } from '../../definitions/source-metric.ts';
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
-- unit_id, occurred_at, value_0, value_1, … (NULL where the row is none of the metric's), denominator_0, … of quotients, step_0_0, … of
-- funnels, whose order within a moment is log_partition (the place of the fact query) and log_offset (0).${parts.join('\nUNION ALL')}`,
  };
}

/** A column that a metric reads. */
interface ReadColumn {
  readonly name: string;
  readonly read: SourceRead;
}

function readColumns(metrics: readonly SourceMetric[]): readonly ReadColumn[] {
  return metrics.flatMap((metric, index) =>
    readsOf(metric).map((read) => ({
      name: read.of === 'step' ? `step_${index}_${read.place}` : `${read.of}_${index}`,
      read,
    })),
  );
}

function outcomesOf(
  dialect: Dialect,
  { query: { key, columns }, kinds }: KnownFacts,
  index: number,
  metrics: readonly SourceMetric[],
): string {
  const reads = readColumns(metrics);
  const values = reads.map(({ name, read }) => {
    return `    ${read.facts === key ? valueSql(dialect, read) : none(dialect, read)} AS ${name}`;
  });
  const covariateMs = Math.max(...metrics.map((metric) => metric.covariateMs));
  const earliest = `(SELECT ${dialect.addMs('MIN(first_exposed_at)', -covariateMs)} FROM int_first_exposures)`;
  const id = columns.id === null ? '' : `    ${text(dialect, columns.id)} AS fact_id,\n`;
  const names = reads.map(({ name }) => name);
  const place = metrics.some(({ type }) => type === 'funnel') ? [`${index} AS log_partition`, '0 AS log_offset'] : [];
  return `
SELECT ${['unit_id', 'occurred_at', ...place, ...names].join(', ')}
FROM (
  SELECT
    ${text(dialect, columns.unit)} AS unit_id,
    ${utcTime(dialect, columns.occurredAt, kinds.get(columns.occurredAt.toLowerCase()))} AS occurred_at,
${id}${values.join(',\n')}
  FROM ${factsName(index)}
) AS fact_${index}
WHERE occurred_at < ${dialect.parameter('as_of')} AND occurred_at >= ${earliest}${once(columns.id, names)}`;
}

/** Which of several rows with one id counts must not depend on how the engine reads them: the earliest, then by its values. */
function once(id: string | null, names: readonly string[]): string {
  if (id === null) return '';
  const order = ['occurred_at', 'unit_id', ...names].join(', ');
  return `\nQUALIFY fact_id IS NULL OR ROW_NUMBER() OVER (PARTITION BY fact_id ORDER BY ${order}) = 1`;
}

function none(dialect: Dialect, { amount }: SourceRead): string {
  return amount === 'text' ? 'CAST(NULL AS STRING)' : dialect.toDouble('NULL');
}

function valueSql(dialect: Dialect, read: SourceRead): string {
  const amount = amountSql(dialect, read);
  return read.where === null ? amount : `CASE WHEN ${dialect.column(read.where)} THEN ${amount} END`;
}

function amountSql(dialect: Dialect, { amount, value }: SourceRead): string {
  const one = dialect.toDouble('1');
  if (amount === 'one' || value === null) return one;
  if (amount === 'text') return text(dialect, value);
  const number = dialect.toDouble(dialect.column(value));
  if (amount === 'one-per-number') return `CASE WHEN ${number} IS NOT NULL THEN ${one} END`;
  return amount === 'number' ? number : `COALESCE(${number}, ${dialect.toDouble('0')})`;
}
