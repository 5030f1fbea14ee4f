import { AnalyzeError } from '../analyze-error.ts';
import { FILE_ROWS, type FileRows } from '../input/file-rows.ts';
import type { DesignRequest, ExperimentRequest } from './request.ts';

/** Parts the region from the window in the name of a cell; it stands in no file. */
export const CELL_SEPARATOR = '\u001F';

/** SQL of what was randomized, over the rows of the file; null where it is the unit itself. */
export function clusterSql(rows: FileRows, { design, date }: ExperimentRequest): string | null {
  if (design.kind === 'user') return null;
  if (design.kind === 'cluster') return rows.text(design.cluster);
  return `${rows.text(design.region)} || '${CELL_SEPARATOR}' || ${windowSql(rows, design, date)}`;
}

/** SQL of whose row it is, over the rows of the file. In a switchback a unit is a new one in every window. */
export function unitSql(rows: FileRows, request: ExperimentRequest): string {
  const unit = request.unit === null ? 'CAST(rowid AS VARCHAR)' : rows.text(request.unit);
  const cell = clusterSql(rows, request);
  return request.design.kind === 'switchback' && cell !== null ? `${unit} || '${CELL_SEPARATOR}' || ${cell}` : unit;
}

/** A window that is no column of the file is a length of time. */
export function withKnownWindow(request: ExperimentRequest, columns: readonly string[]): ExperimentRequest {
  const { design } = request;
  if (design.kind !== 'switchback' || columns.includes(design.window)) return request;
  return { ...request, design: { ...design, isLength: windowLength(design.window) !== null } };
}

type Switchback = Extract<DesignRequest, { kind: 'switchback' }>;

const LENGTH = /^(\d*)\s*(minute|hour|day)s?$/;

/** A window that is a length of time, such as `hour` or `30 minutes`, rather than a column. */
function windowLength(window: string): string | null {
  const [, many, name] = LENGTH.exec(window) ?? [];
  return name === undefined ? null : `${many === '' || many === undefined ? 1 : Number(many)} ${name}`;
}

function windowSql(rows: FileRows, { window, isLength }: Switchback, date: string | null): string {
  if (!isLength) return rows.text(window);
  if (date === null)
    throw new AnalyzeError(`--window ${window} is a length of time, so say which column has the time with --date`);
  return `strftime(time_bucket(INTERVAL '${windowLength(window) ?? ''}', ${rows.time(date)}), '%Y-%m-%d %H:%M:%S')`;
}

/**
 * What was randomized has one arm.
 *
 * @throws AnalyzeError with the first row of a cluster, or of a region in a window, that has a second arm
 */
export async function refuseMixedClusters(rows: FileRows, request: ExperimentRequest): Promise<void> {
  const cluster = clusterSql(rows, request);
  if (cluster === null) return;
  const arm = rows.text(request.variant);
  const [found] = await rows.warehouse.query<{ cluster: string; row_number: number; arms: string; clusters: number }>({
    sql: `
SELECT arg_min(cluster, second_row) AS cluster, MIN(second_row) + 1 AS row_number, arg_min(arms, second_row) AS arms,
  COUNT(*) AS clusters
FROM (
  SELECT cluster, MAX(first_row) AS second_row, MIN(arm) || '" and "' || MAX(arm) AS arms
  FROM (SELECT ${cluster} AS cluster, ${arm} AS arm, MIN(rowid) AS first_row FROM ${FILE_ROWS} GROUP BY 1, 2) AS arms_of_clusters
  GROUP BY cluster HAVING COUNT(*) > 1
) AS mixed HAVING COUNT(*) > 0`,
    parameters: {},
  });
  if (found === undefined) return;
  const { design, variant } = request;
  const what =
    design.kind === 'switchback'
      ? `region "${found.cluster.replace(CELL_SEPARATOR, '" in window "')}"`
      : `cluster "${found.cluster}"`;
  const others = found.clusters === 1 ? '' : `, and so have ${found.clusters - 1} others`;
  const remedy =
    design.kind === 'switchback'
      ? 'a window is one stretch of time with one arm; where the column is the hour of the day, give --window hour with --date'
      : 'where units within a cluster have different arms, the unit was randomized: leave --design cluster out';
  throw new AnalyzeError(
    `${rows.file}, data row ${found.row_number}, column "${variant}": ${what} has rows of "${found.arms}"${others}; ${remedy}`,
  );
}
