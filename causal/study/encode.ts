import type { Columns } from '../../estimators/observational/columns.ts';
import { Refusal } from '../refusal.ts';
import type { RawColumn } from './raw-column.ts';

/** Encoded covariates, and which columns each of them became. */
export interface Encoded {
  readonly columns: Columns;
  readonly groups: readonly CovariateColumns[];
  readonly notes: readonly string[];
}

export interface CovariateColumns {
  readonly covariate: string;
  readonly columns: readonly number[];
}

/** Levels of fewer units are one level together: nothing could be learnt of each. */
const FEWEST_UNITS = 10;
const MOST_LEVELS = 100;

/**
 * Numbers stay numbers; a missing one counts as the mean, and being missing is a column of its own. Texts become a column for each level but the most
 * frequent, missing ones being a level; rare levels are put together. Columns that are the same for every unit are left out, and said so.
 *
 * @throws Refusal for a covariate with too many levels
 */
export function encode(covariates: readonly RawColumn[], rowCount: number): Encoded {
  const names: string[] = [];
  const columns: Float64Array[] = [];
  const groups: CovariateColumns[] = [];
  const notes: string[] = [];
  for (const covariate of covariates) {
    const made = covariate.kind === 'number' ? numeric(covariate, notes) : categorical(covariate, rowCount, notes);
    const kept = made.filter(({ values }) => varies(values));
    if (kept.length === 0) notes.push(`${covariate.name} is the same for every unit and was left out`);
    groups.push({ covariate: covariate.name, columns: kept.map((_, place) => columns.length + place) });
    for (const { name, values } of kept) {
      names.push(name);
      columns.push(values);
    }
  }
  return { columns: { rowCount, names, columns }, groups, notes };
}

interface Made {
  readonly name: string;
  readonly values: Float64Array;
}

function numeric({ name, values }: Extract<RawColumn, { kind: 'number' }>, notes: string[]): Made[] {
  let [sum, present] = [0, 0];
  for (let row = 0; row < values.length; row += 1) {
    const of = values[row]!;
    if (Number.isNaN(of)) continue;
    sum += of;
    present += 1;
  }
  const missing = values.length - present;
  if (missing === 0) return [{ name, values }];
  const mean = present === 0 ? 0 : sum / present;
  notes.push(
    `${missing} units have no ${name}: they count as its mean, and being without it is a covariate of its own`,
  );
  const isMissing = new Float64Array(values.length);
  const filled = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += 1) {
    const of = values[row]!;
    isMissing[row] = Number.isNaN(of) ? 1 : 0;
    filled[row] = Number.isNaN(of) ? mean : of;
  }
  return [
    { name, values: filled },
    { name: `${name} is missing`, values: isMissing },
  ];
}

function categorical(
  { name, levels, codes }: Extract<RawColumn, { kind: 'category' }>,
  rowCount: number,
  notes: string[],
): Made[] {
  const counts = new Array<number>(levels.length + 1).fill(0);
  // The last place is for units without a level.
  const placeOf = (code: number): number => (code < 0 ? levels.length : code);
  for (let row = 0; row < codes.length; row += 1) counts[placeOf(codes[row]!)]! += 1;
  const labels = [...levels, '(missing)'];
  const order = labels.map((_, place) => place).filter((place) => counts[place]! > 0);
  order.sort((a, b) => counts[b]! - counts[a]! || (labels[a]! < labels[b]! ? -1 : 1));
  const least = Math.min(FEWEST_UNITS, rowCount / 100);
  const frequent = order.filter((place) => counts[place]! >= least);
  const rare = order.filter((place) => counts[place]! < least);
  if (frequent.length > MOST_LEVELS)
    throw new Refusal(
      'too-many-levels',
      `covariate "${name}" has ${frequent.length} values; as a category at most ${MOST_LEVELS} can be compared. Group them, or leave the covariate out`,
    );
  if (rare.length > 1) notes.push(`${rare.length} rare values of ${name} count as one`);
  const made = frequent.slice(1).map((place) => ({
    name: `${name} = ${labels[place] ?? ''}`,
    values: indicator(codes, (code) => placeOf(code) === place),
  }));
  if (rare.length > 0) {
    const isRare = new Set(rare);
    const label = rare.length === 1 ? labels[rare[0]!] : '(other)';
    made.push({ name: `${name} = ${label ?? ''}`, values: indicator(codes, (code) => isRare.has(placeOf(code))) });
  }
  return made;
}

function indicator(codes: Int32Array, isMember: (code: number) => boolean): Float64Array {
  const values = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row += 1) if (isMember(codes[row]!)) values[row] = 1;
  return values;
}

function varies(values: Float64Array): boolean {
  for (let row = 1; row < values.length; row += 1) if (values[row] !== values[0]) return true;
  return false;
}
