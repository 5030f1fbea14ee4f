import { AnalyzeError } from '../analyze-error.ts';
import { columnsOf, type MetricExpression } from '../experiment/metric-expression.ts';
import { openDataFile } from '../input/data-file.ts';
import { FILE_ROWS, findMissing, loadRows, type FileRows } from '../input/file-rows.ts';
import { withScratchWarehouse } from '../input/scratch-warehouse.ts';
import { slotHistory, type SlotHistory, type SlotTime } from './slots.ts';

export interface FileSlotsRequest {
  readonly file: string;
  readonly region: string;
  /** The column that says when. */
  readonly date: string;
  readonly metric: MetricExpression;
  readonly slotMs: number;
}

/**
 * A metric of a file by region and slot. A `sum` and a `count` are totals, and 0 where there are no rows; a `mean` and a `proportion` are averages over
 * rows, a `ratio` one total over another.
 *
 * @throws AnalyzeError where the file cannot be read as asked
 */
export async function readFileSlots(request: FileSlotsRequest): Promise<SlotHistory> {
  const { file, region, date, metric, slotMs } = request;
  return await withScratchWarehouse(async (warehouse) => {
    const rows = await loadRows(warehouse, await openDataFile(warehouse, file), {
      texts: [region],
      numbers: columnsOf(metric),
      times: [date],
    });
    const needed = [
      [region, rows.text(region)],
      [date, rows.time(date)],
      ...columnsOf(metric).map((column) => [column, rows.number(column)]),
    ] as const;
    for (const [column = '', sql = ''] of needed) await refuseMissing(rows, column, sql);
    const { value, empty } = valueOf(rows, metric);
    const time = await timeOf(rows, date, slotMs);
    const at = `epoch_ms(${rows.time(date)})`;
    const found = await warehouse.query<{ region: string; slot_ms: number; value: number | null }>({
      sql: `
-- One row per region and slot with rows.
SELECT ${rows.text(region)} AS region, ${at} - ((${at} % $slot) + $slot) % $slot AS slot_ms, CAST(${value} AS DOUBLE) AS value
FROM ${FILE_ROWS} GROUP BY 1, 2 ORDER BY 1, 2`,
      parameters: { slot: slotMs },
    });
    const known = found.flatMap(({ region: name, slot_ms: slot, value: each }) =>
      each === null ? [] : [{ region: name, slotMs: slot, value: each }],
    );
    return slotHistory(known, time, empty);
  });
}

function valueOf(rows: FileRows, metric: MetricExpression): { readonly value: string; readonly empty: 0 | null } {
  const refuse = (why: string): never => {
    throw new AnalyzeError(`metric ${metric.expression}: ${why}`);
  };
  if (metric.type === 'ratio')
    return {
      value: `SUM(${rows.number(metric.numerator)}) / NULLIF(SUM(${rows.number(metric.denominator)}), 0)`,
      empty: null,
    };
  if (metric.type === 'quantile' || metric.type === 'distinct')
    return refuse('a window of a switchback has a total or an average; give a sum, a count, a mean or a ratio');
  if (metric.cap !== null) return refuse('a cap cuts units, and a window has none; leave it out');
  if (metric.column === null) return { value: 'COUNT(*)', empty: 0 };
  const isAverage = metric.type === 'mean' || metric.type === 'proportion';
  return isAverage
    ? { value: `AVG(${rows.number(metric.column)})`, empty: null }
    : { value: `SUM(${rows.number(metric.column)})`, empty: 0 };
}

async function refuseMissing(rows: FileRows, column: string, sql: string): Promise<void> {
  const missing = await findMissing(rows, sql);
  if (missing !== null)
    throw new AnalyzeError(
      `${rows.file}, data row ${missing.firstRow}, column "${column}" is empty; every row needs one`,
    );
}

/** The whole slots between the first row and the last: the slots at the edges may be cut, unless a row is at their very beginning. */
async function timeOf({ warehouse, time }: FileRows, date: string, slotMs: number): Promise<SlotTime> {
  const [found] = await warehouse.query<{ first_ms: number; last_ms: number }>({
    sql: `SELECT epoch_ms(MIN(${time(date)})) AS first_ms, epoch_ms(MAX(${time(date)})) AS last_ms FROM ${FILE_ROWS}`,
    parameters: {},
  });
  const { first_ms: first = 0, last_ms: last = 0 } = found ?? {};
  const isAtBeginning = last % slotMs === 0;
  return {
    fromMs: Math.ceil(first / slotMs) * slotMs,
    untilMs: Math.floor(last / slotMs) * slotMs + (isAtBeginning ? slotMs : 0),
    slotMs,
  };
}
