import type { TypedStatement } from '../dialect.ts';
import { type Sums, type UnitTable } from './units.ts';

/** How a covariate is cut: at rising points, or into intervals of equal width. */
export type Cut =
  { readonly points: readonly number[] } | { readonly least: number; readonly width: number; readonly bins: number };

/** Least, most and number of values (at most eleven are told apart) of the covariates: least_0, most_0, values_0, … */
export function rangesQuery({ table, covariates }: UnitTable): TypedStatement<Sums> {
  const columns = covariates.flatMap((name, j) => [
    `MIN(${name}) AS least_${j}`,
    `MAX(${name}) AS most_${j}`,
    `COUNT(DISTINCT ${name}) AS values_${j}`,
  ]);
  return { sql: `SELECT COUNT(*) AS units, ${columns.join(', ')} FROM ${table}`, parameters: {} };
}

/** The strata of coarsened exact matching that have both groups, added up for the estimate: see `stratifiedFromSums`. */
export function coarsenedQuery(
  units: UnitTable,
  cuts: readonly (Cut | null)[],
  estimand: 'ATE' | 'ATT',
  estimate: number | null,
): TypedStatement<Sums> {
  const bins = units.covariates.map((name, j) => `${binSql(name, cuts[j] ?? null)} AS bin_${j}`);
  const keys = units.covariates.map((_, j) => `bin_${j}`).join(', ');
  const of = (group: 0 | 1, value: string): string => `SUM(CASE WHEN treated = ${group} THEN ${value} ELSE 0 END)`;
  const asked = estimand === 'ATT' ? 'n_1' : '(n_0 + n_1)';
  const difference = 's_1 / n_1 - s_0 / n_0';
  const variance = (group: 0 | 1): string =>
    `CASE WHEN n_${group} > 1 THEN (q_${group} - s_${group} * s_${group} / n_${group}) / (n_${group} - 1) END`;
  const sums =
    estimate === null
      ? [
          `SUM(${asked}) AS asked`,
          `SUM(${asked} * (${difference})) AS total`,
          'COUNT(*) AS strata',
          ...[0, 1].flatMap((group) => [
            `SUM(n_${group}) AS units_${group}`,
            `SUM(q_${group} - s_${group} * s_${group} / n_${group}) AS squares_${group}`,
            `SUM(n_${group} - 1) AS freedom_${group}`,
          ]),
        ]
      : [
          ...([0, 1] as const).flatMap((group) => [
            `SUM(${asked} * ${asked} * COALESCE(${variance(group)}, 0) / n_${group}) AS within_${group}`,
            `SUM(CASE WHEN n_${group} = 1 THEN ${asked} * ${asked} ELSE 0 END) AS single_${group}`,
          ]),
          `SUM(${asked} * (${difference} - ${estimate}) * (${difference} - ${estimate})) AS between_strata`,
        ];
  return {
    sql: `SELECT ${sums.join(', ')}
FROM (
  SELECT ${[0, 1].map((group) => `${of(group as 0 | 1, '1')} AS n_${group}, ${of(group as 0 | 1, 'centred')} AS s_${group}, ${of(group as 0 | 1, 'centred * centred')} AS q_${group}`).join(', ')}
  FROM (
    SELECT treated, outcome - (SELECT AVG(outcome) FROM ${units.table}) AS centred, ${bins.join(', ')}
    FROM ${units.table}
  ) AS binned
  GROUP BY ${keys}
) AS strata
WHERE n_0 > 0 AND n_1 > 0`,
    parameters: {},
  };
}

function binSql(name: string, cut: Cut | null): string {
  if (cut === null) return name;
  if ('points' in cut)
    return cut.points.length === 0
      ? '0'
      : cut.points.map((point) => `CASE WHEN ${name} >= ${point} THEN 1 ELSE 0 END`).join(' + ');
  return `LEAST(${cut.bins - 1}, FLOOR((${name} - ${cut.least}) / ${cut.width}))`;
}
