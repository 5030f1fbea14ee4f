import type { Warehouse } from '../../warehouse/port.ts';
import { UNITS } from './units.ts';

/** Sums over the units of one arm (in one segment), over the deviations of each number from its centre. */
export interface UnitSums {
  readonly arm: string;
  /** The segment's value; null without one. */
  readonly group: string | null;
  readonly count: number;
  /** Σ (v − centre), a number for each vector entry. */
  readonly sums: readonly number[];
  /** Σ (v − centre)(w − centre), symmetric. */
  readonly products: readonly (readonly number[])[];
}

export interface CentredSums {
  /** The mean of each entry over the units of all arms: what the sums deviate from, so that no digits are lost far from 0. */
  readonly centres: readonly number[];
  readonly groups: readonly UnitSums[];
}

/**
 * Sufficient statistics of several numbers per unit, by arm and, if asked, by one more column of `units`.
 *
 * @param entries SQL of each number, over the columns of `units`; units where one is NULL are left out
 */
export async function readUnitSums(
  warehouse: Warehouse,
  entries: readonly string[],
  groupBy: string | null,
): Promise<CentredSums> {
  const numbers = entries.map((entry, index) => `CAST(${entry} AS DOUBLE) AS v${index}`).join(', ');
  const complete = `
  SELECT arm, ${groupBy ?? 'CAST(NULL AS VARCHAR)'} AS grp, ${numbers} FROM ${UNITS}
  WHERE ${entries.map((entry) => `${entry} IS NOT NULL`).join(' AND ')}`;
  const [means] = await warehouse.query<Record<string, number | null>>({
    sql: `SELECT ${entries.map((_, index) => `AVG(v${index}) AS c${index}`).join(', ')} FROM (${complete}) AS complete`,
    parameters: {},
  });
  const centres = entries.map((_, index) => means?.[`c${index}`] ?? 0);
  const deviations = entries.map((_, index) => `v${index} - $c${index} AS d${index}`).join(', ');
  const pairs = entries.flatMap((_, i) => entries.slice(0, i + 1).map((__, j) => [i, j] as const));
  const columns = [
    ...entries.map((_, index) => `SUM(d${index}) AS s${index}`),
    ...pairs.map(([i, j]) => `SUM(d${i} * d${j}) AS p${i}_${j}`),
  ];
  const rows = await warehouse.query<Record<string, number> & { arm: string; grp: string | null; count: number }>({
    sql: `
-- One row per arm${groupBy === null ? '' : ` and ${groupBy}`}: sums and cross products of deviations from the means of all arms.
SELECT arm, grp, COUNT(*) AS count, ${columns.join(', ')}
FROM (SELECT arm, grp, ${deviations} FROM (${complete}) AS complete) AS centred
GROUP BY arm, grp ORDER BY grp, arm`,
    parameters: Object.fromEntries(centres.map((centre, index) => [`c${index}`, centre])),
  });
  return {
    centres,
    groups: rows.map((row) => ({
      arm: row.arm,
      group: row.grp,
      count: row.count,
      sums: entries.map((_, index) => row[`s${index}`] ?? 0),
      products: entries.map((_, i) => entries.map((__, j) => row[`p${Math.max(i, j)}_${Math.min(i, j)}`] ?? 0)),
    })),
  };
}
