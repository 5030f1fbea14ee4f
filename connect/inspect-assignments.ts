import { didYouMean } from '../definitions/suggestion.ts';
import type { SourceExperiment } from '../definitions/warehouse-source.ts';
import type { ReadOnlyWarehouse } from '../warehouse/read-only/port.ts';
import type { Dialect } from '../warehouse-sql/dialect.ts';
import {
  assignmentCheckQuery,
  experimentNamesQuery,
  MOST_VARIANTS,
  variantsQuery,
  type AssignmentCheckRow,
} from '../warehouse-sql/existing/check-queries.ts';
import type { ExistingAnalysis } from '../warehouse-sql/existing/source.ts';
import type { Finding, Place } from './finding.ts';
import { count, iso, share } from './wording.ts';

/** The rows of the assignment query for one experiment. Times are ISO 8601 in UTC. */
export interface AssignmentReport {
  readonly rows: number;
  readonly units: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly unitsByVariant: Readonly<Record<string, number>>;
  readonly unitsInSeveralVariants: number;
  readonly unitsInSeveralVariantsAtOnce: number;
  readonly rowsWithoutUnit: number;
  readonly rowsWithoutVariant: number;
  readonly rowsWithoutTime: number;
  readonly rowsBeforeFrom: number;
  readonly rowsAfterEnd: number;
}

export interface Inspected<Report> {
  readonly report: Report;
  readonly findings: readonly Finding[];
  /** The errors that leave rows countable but no judgement possible. */
  readonly dataProblems: readonly string[];
}

export async function inspectAssignments(
  warehouse: ReadOnlyWarehouse,
  dialect: Dialect,
  experiment: SourceExperiment,
  analysis: ExistingAnalysis,
  place: Place,
): Promise<Inspected<AssignmentReport>> {
  const [checked] = await warehouse.query(assignmentCheckQuery(dialect, analysis));
  if (checked === undefined) throw new Error('the warehouse gave no row for the check of the assignments');
  const variants = await warehouse.query(variantsQuery(dialect, analysis));
  const variantErrors = problemsOfVariants(experiment, variants);
  const errors = checked.row_count === 0 ? [await noRows(warehouse, dialect, analysis)] : variantErrors;
  return {
    report: {
      rows: checked.row_count,
      units: checked.unit_count,
      firstAt: iso(checked.first_at),
      lastAt: iso(checked.last_at),
      unitsByVariant: Object.fromEntries(variants.map((row) => [row.variant, row.unit_count])),
      unitsInSeveralVariants: checked.crossed_units,
      unitsInSeveralVariantsAtOnce: checked.tied_units,
      rowsWithoutUnit: checked.without_unit,
      rowsWithoutVariant: checked.without_variant,
      rowsWithoutTime: checked.without_time,
      rowsBeforeFrom: checked.before_start,
      rowsAfterEnd: checked.after_end,
    },
    findings: [
      ...errors.map((message): Finding => ({ severity: 'error', path: place([]), message })),
      ...warningsOf(checked, analysis).map((message): Finding => ({ severity: 'warning', path: place([]), message })),
    ],
    dataProblems: errors,
  };
}

async function noRows(warehouse: ReadOnlyWarehouse, dialect: Dialect, analysis: ExistingAnalysis): Promise<string> {
  const { assignedAs, assignments } = analysis;
  const column = assignments.query.columns.experiment;
  const rows = await warehouse.query(experimentNamesQuery(dialect, analysis));
  const names = rows.flatMap(({ name }) => (name === null ? [] : [name]));
  const found =
    names.length === 0
      ? 'it holds no name at all'
      : `it holds ${rows.map(({ name, row_count }) => `${name ?? 'NULL'} (${count(row_count, 'row')})`).join(', ')}`;
  return `no row of "${assignments.query.key}" has ${column} = "${assignedAs}"${didYouMean(assignedAs, names)}; ${found}. Write its name as assignedAs`;
}

function problemsOfVariants(
  experiment: SourceExperiment,
  rows: readonly { readonly variant: string; readonly unit_count: number }[],
): string[] {
  const declared = experiment.variants.map(({ key }) => key);
  if (rows.length >= MOST_VARIANTS)
    return [
      `the variant column holds more than ${MOST_VARIANTS - 1} values, such as "${rows[0]?.variant ?? ''}"; name another column`,
    ];
  const found = rows.map(({ variant }) => variant);
  const absent = declared.filter((key) => !found.includes(key));
  const strange = rows.filter(({ variant }) => !declared.includes(variant));
  return [
    ...strange.map(
      ({ variant, unit_count }) =>
        `${count(unit_count, 'unit')} met variant "${variant}", which is not declared${didYouMean(variant, absent)}; ` +
        'declare it with its weight, or leave it out in the SQL if it took no part in the split',
    ),
    ...absent.map((key) => `no unit met variant "${key}"; the variants that occur are ${found.join(', ') || 'none'}`),
  ];
}

function warningsOf(row: AssignmentCheckRow, { assignments, fromMs, asOfMs }: ExistingAnalysis): string[] {
  const { columns } = assignments.query;
  const warnings: string[] = [];
  const left = (rows: number, why: string, remedy: string): void => {
    if (rows > 0)
      warnings.push(`${count(rows, 'row')} (${share(rows, row.row_count)}) ${why}; they are left out. ${remedy}`);
  };
  left(row.without_unit, `have no ${columns.unit}`, 'If one variant loses more of them, its split is wrong');
  left(row.without_variant, `have no ${columns.variant}`, 'Find out who writes them: they were exposed to something');
  left(row.without_time, `have no ${columns.exposedAt}`, 'Give every exposure its time');
  left(
    row.before_start,
    `are before "from" (${iso(new Date(fromMs)) ?? ''})`,
    'If the experiment ran then, move "from" back: units would be counted from a later exposure than their first',
  );
  left(row.after_end, `are after ${iso(new Date(asOfMs)) ?? ''}`, 'Times in the future are in another zone, or wrong');
  if (row.crossed_units > 0) {
    warnings.push(
      `${count(row.crossed_units, 'unit')} (${share(row.crossed_units, row.unit_count)}) met several variants; ` +
        'each is analysed by its first, which understates effects. Find out why a unit changes its variant',
    );
  }
  if (row.tied_units > 0) {
    warnings.push(
      `${count(row.tied_units, 'unit')} met several variants first at one moment; which of them counts is told by a digest, ` +
        'which favours none. Give exposures a finer time',
    );
  }
  if (assignments.kinds.get(columns.exposedAt.toLowerCase()) === 'date') {
    warnings.push(
      `${columns.exposedAt} is a date, so outcomes of the exposure's own day count as after it, also earlier ones`,
    );
  }
  return warnings;
}
