import { formatDuration } from '../definitions/duration.ts';
import { readsOf } from '../definitions/source-metric.ts';
import type { ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';
import type { Dialect } from '../warehouse-sql/dialect.ts';
import { factCheckQuery, valueColumns, type FactCheckRow } from '../warehouse-sql/existing/check-queries.ts';
import type { ExistingAnalysis, KnownFacts } from '../warehouse-sql/existing/source.ts';
import type { Finding, Place } from './finding.ts';
import type { Inspected } from './inspect-assignments.ts';
import { count, iso, share } from './wording.ts';

/** The rows of one fact query, as far as an experiment needs them. Times are ISO 8601 in UTC. */
export interface FactReport {
  readonly key: string;
  readonly rows: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** Exposed units that have any row. */
  readonly unitsWithRows: number;
  readonly rowsWithoutUnit: number;
  readonly rowsWithoutTime: number;
  readonly rowsAfterEnd: number;
  readonly repeatedRows: number;
  readonly values: readonly { readonly column: string; readonly nulls: number; readonly notFinite: number }[];
}

const DAY_MS = 86_400_000;

export async function inspectFacts(
  warehouse: ReadOnlyWarehouse,
  dialect: Dialect,
  analysis: ExistingAnalysis,
  facts: KnownFacts,
  exposedUnits: number,
  place: Place,
): Promise<Inspected<FactReport>> {
  const [row] = await warehouse.query(factCheckQuery(dialect, analysis, facts));
  if (row === undefined) throw new Error('the warehouse gave no row for the check of the facts');
  const report = reportOf(row, facts, analysis);
  const errors = errorsOf(report, facts, analysis, exposedUnits);
  const warnings = warningsOf(report, row, facts, analysis);
  return {
    report,
    findings: [
      ...errors.map((message): Finding => ({ severity: 'error', path: place([]), message })),
      ...warnings.map((message): Finding => ({ severity: 'warning', path: place([]), message })),
    ],
    dataProblems: errors.map((message) => `facts ${facts.query.key}: ${message}`),
  };
}

function reportOf(row: FactCheckRow, facts: KnownFacts, { metrics }: ExistingAnalysis): FactReport {
  return {
    key: facts.query.key,
    rows: row.row_count,
    firstAt: iso(row.first_at),
    lastAt: iso(row.last_at),
    unitsWithRows: row.matched_units,
    rowsWithoutUnit: row.without_unit,
    rowsWithoutTime: row.without_time,
    rowsAfterEnd: row.after_end,
    repeatedRows: row.repeated,
    values: valueColumns(facts, metrics).map(({ column }, index) => ({
      column,
      nulls: Number(row[`null_${index}`]),
      notFinite: Number(row[`infinite_${index}`]),
    })),
  };
}

function errorsOf(report: FactReport, facts: KnownFacts, analysis: ExistingAnalysis, exposedUnits: number): string[] {
  const errors = report.values
    .filter(({ notFinite }) => notFinite > 0)
    .map(
      ({ column, notFinite }) =>
        `${count(notFinite, 'row')} hold no finite ${column}; leave NaN and infinities out in the SQL`,
    );
  const kindOf = ({ kinds }: { readonly kinds: KnownFacts['kinds'] }, column: string) =>
    kinds.get(column.toLowerCase());
  const { columns } = analysis.assignments.query;
  if (
    kindOf(facts, facts.query.columns.occurredAt) === 'date' &&
    kindOf(analysis.assignments, columns.exposedAt) !== 'date'
  ) {
    errors.push(
      `${facts.query.columns.occurredAt} is a date and ${columns.exposedAt} a time: outcomes of the exposure's own day would count as before it. ` +
        'Give both as times, or both as dates',
    );
  }
  const isStep = analysis.metrics.some(
    (metric) => metric.type === 'funnel' && readsOf(metric).some((read) => read.facts === facts.query.key),
  );
  if (isStep && kindOf(facts, facts.query.columns.occurredAt) === 'date')
    errors.push(
      `${facts.query.columns.occurredAt} is a date, and the steps of a funnel that happen on one day have no order; give times`,
    );
  if (exposedUnits > 0 && report.rows > 0 && report.unitsWithRows === 0) {
    errors.push(
      `none of the ${count(exposedUnits, 'exposed unit')} has a row: ${columns.unit} and ${facts.query.columns.unit} seem to hold different ids`,
    );
  }
  return errors;
}

function warningsOf(
  report: FactReport,
  row: FactCheckRow,
  facts: KnownFacts,
  { asOfMs, metrics }: ExistingAnalysis,
): string[] {
  const { query } = facts;
  if (report.rows === 0) return ['has no row, so every unit counts as 0'];
  const warnings: string[] = [];
  const add = (rows: number, message: string): void => {
    if (rows > 0) warnings.push(`${count(rows, 'row')} (${share(rows, report.rows)}) ${message}`);
  };
  add(report.rowsWithoutUnit, `have no ${query.columns.unit} and belong to nobody`);
  add(report.rowsWithoutTime, `have no ${query.columns.occurredAt} and are left out`);
  add(report.rowsAfterEnd, 'are after the time of the analysis and are left out');
  valueColumns(facts, metrics).forEach(({ column, whereNull }, index) => {
    const becomes = [...whereNull].map((each) => (each === 'zero' ? 'count as 0' : 'are left out of averages'));
    add(report.values[index]?.nulls ?? 0, `have no ${column} and ${becomes.join(', or ')}`);
  });
  if (query.columns.id === null)
    add(report.repeatedRows, 'repeat another row; if the table stores rows twice, name a column of ids as columns.id');
  if (query.columns.id !== null) add(report.repeatedRows, `repeat another row and count once by ${query.columns.id}`);
  const lagMs = row.last_at === null ? 0 : asOfMs - row.last_at.getTime();
  if (lagMs > DAY_MS) {
    warnings.push(
      `the newest row is from ${iso(row.last_at) ?? ''}, ${formatDuration(Math.floor(lagMs / DAY_MS) * DAY_MS)} before the analysis; ` +
        `if later rows are not loaded yet, ask as of then: --as-of ${iso(row.last_at) ?? ''}`,
    );
  }
  return warnings;
}
