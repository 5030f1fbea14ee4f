import { readsOf, type SourceMetric } from '../../definitions/source-metric.ts';
import type { Row } from '../../warehouse/port.ts';
import { compose, type Dialect, type Model, type TypedStatement } from '../dialect.ts';
import { FIRST_EXPOSURES } from '../intermediate/first-exposures.ts';
import { ASSIGNMENTS, existingExposures } from './assignments.ts';
import { foreignModel, foreignParameters, text, utcTime, type ExistingAnalysis, type KnownFacts } from './source.ts';

const MOST_NAMES = 20;
/** More variants than any experiment declares: the column is another one. */
export const MOST_VARIANTS = 101;

export interface ExperimentNameRow extends Row {
  readonly name: string | null;
  readonly row_count: number;
}

/** Which experiments the assignment query knows, those with the most rows first; asked where one has no row. */
export function experimentNamesQuery(dialect: Dialect, analysis: ExistingAnalysis): TypedStatement<ExperimentNameRow> {
  const name = text(dialect, analysis.assignments.query.columns.experiment);
  return compose(
    [foreignModel(ASSIGNMENTS, analysis.assignments)],
    `SELECT ${name} AS name, COUNT(*) AS row_count FROM ${ASSIGNMENTS} GROUP BY 1 ORDER BY row_count DESC, name LIMIT ${MOST_NAMES}`,
    foreignParameters(analysis),
  );
}

export interface AssignmentCheckRow extends Row {
  readonly row_count: number;
  readonly without_unit: number;
  readonly without_variant: number;
  readonly without_time: number;
  readonly before_start: number;
  readonly after_end: number;
  readonly first_at: Date | null;
  readonly last_at: Date | null;
  readonly unit_count: number;
  readonly crossed_units: number;
  /** Units whose first exposures, at one moment, are to several variants. */
  readonly tied_units: number;
}

/** What the assignment query's rows of one experiment look like; one row. */
export function assignmentCheckQuery(dialect: Dialect, analysis: ExistingAnalysis): TypedStatement<AssignmentCheckRow> {
  const p = dialect.parameter;
  const sql = `
SELECT
  COUNT(*) AS row_count,
  COUNT(*) - COUNT(unit_id) AS without_unit,
  COUNT(*) - COUNT(variant) AS without_variant,
  COUNT(*) - COUNT(occurred_at) AS without_time,
  COUNT(CASE WHEN occurred_at < ${p('started_at')} THEN 1 END) AS before_start,
  COUNT(CASE WHEN occurred_at > ${p('closed_at')} THEN 1 END) AS after_end,
  MIN(occurred_at) AS first_at,
  MAX(occurred_at) AS last_at,
  (SELECT COUNT(*) FROM int_first_exposures) AS unit_count,
  (SELECT COUNT(*) FROM int_first_exposures WHERE is_crossed) AS crossed_units,
  (SELECT COUNT(*) FROM int_tied_units) AS tied_units
FROM umpire_read_assignments`;
  return compose(
    [...exposureModels(dialect, analysis), readAssignments(dialect, analysis), TIED_UNITS],
    sql,
    exposureParameters(analysis),
  );
}

export interface VariantRow extends Row {
  readonly variant: string;
  readonly unit_count: number;
}

/** Units by the variant of their first exposure, the largest first. */
export function variantsQuery(dialect: Dialect, analysis: ExistingAnalysis): TypedStatement<VariantRow> {
  const sql = `SELECT variant, COUNT(*) AS unit_count FROM int_first_exposures
GROUP BY variant ORDER BY unit_count DESC, variant LIMIT ${MOST_VARIANTS}`;
  return compose(exposureModels(dialect, analysis), sql, exposureParameters(analysis));
}

export interface FactCheckRow extends Row {
  readonly row_count: number;
  readonly without_unit: number;
  readonly without_time: number;
  readonly after_end: number;
  readonly first_at: Date | null;
  readonly last_at: Date | null;
  /** Rows that are another one's copy in every declared column. */
  readonly repeated: number;
  /** Exposed units that have any row. */
  readonly matched_units: number;
  // And for each value column `null_0` and `infinite_0`, …: rows where it is NULL, or not finite.
}

/** What the rows of a fact query look like, for the units of one experiment; one row. */
export function factCheckQuery(
  dialect: Dialect,
  analysis: ExistingAnalysis,
  facts: KnownFacts,
): TypedStatement<FactCheckRow> {
  const values = valueColumns(facts, analysis.metrics);
  const valueChecks = values.flatMap(({ isNumber }, index) => {
    const number = `value_${index}`;
    const infinite = isNumber ? `COUNT(CASE WHEN NOT (${number} - ${number} = 0) THEN 1 END)` : '0';
    return [`  COUNT(*) - COUNT(${number}) AS null_${index}`, `  ${infinite} AS infinite_${index}`];
  });
  const listed = [
    'unit_id',
    'occurred_at',
    ...(facts.query.columns.id === null ? [] : ['fact_id']),
    ...values.map((_, index) => `value_${index}`),
  ].join(', ');
  const sql = `
SELECT
  COUNT(*) AS row_count,
  COUNT(*) - COUNT(unit_id) AS without_unit,
  COUNT(*) - COUNT(occurred_at) AS without_time,
  COUNT(CASE WHEN occurred_at > ${dialect.parameter('closed_at')} THEN 1 END) AS after_end,
  MIN(occurred_at) AS first_at,
  MAX(occurred_at) AS last_at,
  COUNT(*) - (SELECT COUNT(*) FROM (SELECT DISTINCT ${listed} FROM umpire_read_facts) AS different) AS repeated,
  (SELECT COUNT(*) FROM int_first_exposures WHERE unit_id IN (SELECT unit_id FROM umpire_read_facts)) AS matched_units${valueChecks.length === 0 ? '' : ','}
${valueChecks.join(',\n')}
FROM umpire_read_facts`;
  return compose(
    [
      foreignModel('umpire_facts', facts),
      ...exposureModels(dialect, analysis),
      readFacts(dialect, facts, analysis.metrics),
    ],
    sql,
    exposureParameters(analysis),
  );
}

/** A column of a fact query that metrics read. */
export interface ReadColumn {
  readonly column: string;
  /** Whether it is read as a number. */
  readonly isNumber: boolean;
  /** What becomes of rows where it is NULL. */
  readonly whereNull: ReadonlySet<'zero' | 'left-out'>;
}

/** The columns of a fact query that metrics read, each once. */
export function valueColumns({ query }: KnownFacts, metrics: readonly SourceMetric[]): readonly ReadColumn[] {
  const byName = new Map<string, ReadColumn>();
  const add = (column: string, isNumber: boolean, whereNull: 'zero' | 'left-out'): void => {
    const name = column.toLowerCase();
    const before = byName.get(name);
    byName.set(name, {
      column: before?.column ?? column,
      isNumber: isNumber || before?.isNumber === true,
      whereNull: new Set([...(before?.whereNull ?? []), whereNull]),
    });
  };
  for (const { facts, value, where, amount } of metrics.flatMap(readsOf)) {
    if (facts !== query.key) continue;
    if (value !== null) add(value, amount !== 'text', amount === 'number-or-zero' ? 'zero' : 'left-out');
    if (where !== null) add(where, false, 'zero');
  }
  return [...byName.values()];
}

const TIED_UNITS: Model = {
  name: 'int_tied_units',
  sql: `
-- One row per unit whose first exposures, at one moment, are to several variants: unit_id.
SELECT unit_id
FROM (
  SELECT unit_id, variant, RANK() OVER (PARTITION BY unit_id ORDER BY occurred_at) AS place
  FROM stg_exposures
  WHERE unit_id IS NOT NULL AND variant IS NOT NULL
) AS ranked
WHERE place = 1
GROUP BY unit_id
HAVING COUNT(DISTINCT variant) > 1`,
};

function exposureModels(dialect: Dialect, { assignments }: ExistingAnalysis): readonly Model[] {
  return [foreignModel(ASSIGNMENTS, assignments), existingExposures(dialect, assignments), FIRST_EXPOSURES];
}

function readAssignments(dialect: Dialect, { assignments: { query, kinds } }: ExistingAnalysis): Model {
  const { columns } = query;
  return {
    name: 'umpire_read_assignments',
    sql: `
-- One row per row of the assignment query for one experiment, whatever its time: unit_id, variant, occurred_at.
SELECT
  ${dialect.column(columns.unit)} AS unit_id,
  ${dialect.column(columns.variant)} AS variant,
  ${utcTime(dialect, columns.exposedAt, kinds.get(columns.exposedAt.toLowerCase()))} AS occurred_at
FROM ${ASSIGNMENTS}
WHERE ${text(dialect, columns.experiment)} = ${dialect.parameter('experiment_key')}`,
  };
}

function readFacts(dialect: Dialect, facts: KnownFacts, metrics: readonly SourceMetric[]): Model {
  const { columns } = facts.query;
  const values = valueColumns(facts, metrics).map(({ column: name, isNumber }, index) => {
    const column = dialect.column(name);
    return `,\n  ${isNumber ? dialect.toDouble(column) : column} AS value_${index}`;
  });
  const id = columns.id === null ? '' : `,\n  ${text(dialect, columns.id)} AS fact_id`;
  return {
    name: 'umpire_read_facts',
    sql: `
-- One row per row of the fact query: unit_id, occurred_at, its id and its values.
SELECT
  ${text(dialect, columns.unit)} AS unit_id,
  ${utcTime(dialect, columns.occurredAt, facts.kinds.get(columns.occurredAt.toLowerCase()))} AS occurred_at${id}${values.join('')}
FROM umpire_facts`,
  };
}

function exposureParameters(analysis: ExistingAnalysis) {
  return {
    ...foreignParameters(analysis),
    started_at: new Date(analysis.fromMs),
    closed_at: new Date(analysis.asOfMs),
    time_zone: analysis.timeZone,
  };
}
