import { jointMomentsFromSums, type JointMoments } from '../../estimators/joint-moments.ts';
import type { Warehouse } from '../../warehouse/port.ts';

/** Joint moments of several numbers per unit, of one arm (in one segment). */
export interface ArmMoments {
  readonly arm: string;
  /** The segment's value; null without one. */
  readonly group: string | null;
  readonly moments: JointMoments;
}

/**
 * Sufficient statistics of several numbers per row of a relation, by its columns `arm` and `grp`; rows where one is NULL are left out. Sums are
 * over deviations from the mean of all arms, so that no digits are lost far from 0. Groups of fewer than two rows are left out.
 *
 * @param relation SQL that gives `arm`, `grp` and what `entries` name
 * @param entries SQL of each number
 */
export async function readJointMoments(
  warehouse: Warehouse,
  relation: string,
  entries: readonly string[],
): Promise<readonly ArmMoments[]> {
  const complete = `
  SELECT arm, grp, ${entries.map((entry, index) => `CAST(${entry} AS DOUBLE) AS v${index}`).join(', ')}
  FROM (${relation}) AS relation WHERE ${entries.map((entry) => `(${entry}) IS NOT NULL`).join(' AND ')}`;
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
-- One row per arm and group: sums and cross products of deviations from the means of all arms.
SELECT arm, grp, COUNT(*) AS count, ${columns.join(', ')}
FROM (SELECT arm, grp, ${deviations} FROM (${complete}) AS complete) AS centred
GROUP BY arm, grp HAVING COUNT(*) >= 2 ORDER BY grp, arm`,
    parameters: Object.fromEntries(centres.map((centre, index) => [`c${index}`, centre])),
  });
  return rows.map((row) => ({
    arm: row.arm,
    group: row.grp,
    moments: jointMomentsFromSums({
      count: row.count,
      centres,
      sums: entries.map((_, index) => row[`s${index}`] ?? NaN),
      products: entries.map((_, i) => entries.map((__, j) => row[`p${Math.max(i, j)}_${Math.min(i, j)}`] ?? NaN)),
    }),
  }));
}
