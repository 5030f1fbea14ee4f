import { columnScales, type ColumnScales } from '../../estimators/observational/column-scales.ts';
import type { Columns } from '../../estimators/observational/columns.ts';
import { gramsOf, linearModel } from '../../estimators/observational/outcome/linear-model.ts';
import { Refusal } from '../refusal.ts';
import { encode, type CovariateColumns } from './encode.ts';
import type { RawStudy } from './raw-column.ts';

/** Units with their encoded covariates, ready for any method. */
export interface Study {
  readonly covariates: Columns;
  readonly scales: ColumnScales;
  /** Which columns each covariate became; none where it says nothing of its own. */
  readonly groups: readonly CovariateColumns[];
  readonly treatment: Uint8Array;
  readonly outcome: Float64Array;
  readonly treatedCount: number;
  readonly controlCount: number;
}

/** Below this a group says nothing that could be told from chance. */
export const FEWEST_UNITS = 20;

/**
 * Encodes the covariates, and leaves out columns that others determine.
 *
 * @throws Refusal where a group has too few units, or no covariate varies
 */
export function studyOf(raw: Pick<RawStudy, 'rowCount' | 'treatment' | 'outcome' | 'covariates'>): {
  readonly study: Study;
  readonly notes: readonly string[];
} {
  const { treatment, outcome, rowCount } = raw;
  const treatedCount = treatment.reduce((sum, of) => sum + of, 0);
  const controlCount = rowCount - treatedCount;
  refuseFew(treatedCount, controlCount);
  const { columns, groups, notes } = encode(raw.covariates, rowCount);
  if (columns.columns.length === 0)
    throw new Refusal(
      'no-covariates',
      'no covariate varies, so nothing tells which units are alike; name covariates that do',
    );
  const scales = columnScales(columns);
  const dropped = dependentColumns(columns, scales, outcome);
  const study: Study = {
    ...withoutColumns({ covariates: columns, scales, groups }, dropped),
    treatment,
    outcome,
    treatedCount,
    controlCount,
  };
  const said = [...dropped].map(
    (j) => `${columns.names[j] ?? ''} is determined by the other covariates and was left out`,
  );
  return { study, notes: [...notes, ...said] };
}

function refuseFew(treatedCount: number, controlCount: number): void {
  for (const [count, name] of [
    [treatedCount, 'treated'],
    [controlCount, 'control'],
  ] as const)
    if (count < FEWEST_UNITS)
      throw new Refusal(
        count === 0 ? `no-${name}` : 'too-few-units',
        count === 0
          ? `there are no ${name} units, so there is nobody to compare with`
          : `there are ${count} ${name} units; at least ${FEWEST_UNITS} are needed, and ${FEWEST_UNITS * 5} or more for an interval that says much`,
      );
}

function dependentColumns(columns: Columns, scales: ColumnScales, outcome: Float64Array): ReadonlySet<number> {
  const [gram] = gramsOf(columns, outcome, scales, new Uint8Array(columns.rowCount), 1);
  if (gram === undefined) throw new Refusal('no-units', 'there are no units');
  return new Set(linearModel(gram, scales).dropped);
}

/** Some of the units. @throws Refusal where too few are left */
export function studyOfRows(study: Study, rows: Uint32Array, placebo?: Float64Array): Study {
  const outcome = placebo ?? study.outcome;
  const treatment = Uint8Array.from(rows, (row) => study.treatment[row]!);
  const treatedCount = treatment.reduce((sum, of) => sum + of, 0);
  refuseFew(treatedCount, rows.length - treatedCount);
  const columns: Columns = {
    rowCount: rows.length,
    names: study.covariates.names,
    columns: study.covariates.columns.map((column) => picked(column, rows)),
  };
  return independent({
    covariates: columns,
    groups: study.groups,
    treatment,
    outcome: picked(outcome, rows),
    treatedCount,
    controlCount: rows.length - treatedCount,
  });
}

/** Without some covariates, and maybe with another outcome. */
export function studyWithout(study: Study, covariates: readonly string[], outcome = study.outcome): Study {
  const left = new Set(
    study.groups.filter(({ covariate }) => covariates.includes(covariate)).flatMap(({ columns }) => columns),
  );
  const { groups, ...rest } = withoutColumns(study, left);
  return { ...study, ...rest, groups: groups.filter(({ covariate }) => !covariates.includes(covariate)), outcome };
}

/** Among fewer units columns may have become constant, or determined by others. */
function independent(study: Omit<Study, 'scales'>): Study {
  const scales = columnScales(study.covariates);
  const dropped = dependentColumns(study.covariates, scales, study.outcome);
  return { ...study, ...withoutColumns({ ...study, scales }, dropped) };
}

function withoutColumns(
  { covariates, scales, groups }: Pick<Study, 'covariates' | 'scales' | 'groups'>,
  dropped: ReadonlySet<number>,
): Pick<Study, 'covariates' | 'scales' | 'groups'> {
  if (dropped.size === 0) return { covariates, scales, groups };
  const kept = covariates.names.map((_, j) => j).filter((j) => !dropped.has(j));
  return {
    covariates: {
      rowCount: covariates.rowCount,
      names: kept.map((j) => covariates.names[j] ?? ''),
      columns: kept.map((j) => covariates.columns[j]!),
    },
    scales: {
      means: Float64Array.from(kept, (j) => scales.means[j]!),
      deviations: Float64Array.from(kept, (j) => scales.deviations[j]!),
    },
    groups: groups.map(({ covariate, columns }) => ({
      covariate,
      columns: columns.filter((j) => !dropped.has(j)).map((j) => kept.indexOf(j)),
    })),
  };
}

function picked(values: Float64Array, rows: Uint32Array): Float64Array {
  const taken = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) taken[i] = values[rows[i]!]!;
  return taken;
}
