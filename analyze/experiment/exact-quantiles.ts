import type { MixtureTuning } from '../../estimators/stopping/bernoulli-mixture.ts';
import { quantileWindow, type RankedValues } from '../../estimators/stopping/quantile-sequence.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { AnalyzeError } from '../analyze-error.ts';
import type { Reading } from './metric-relation.ts';
import { eventsTable, UNITS } from './units.ts';

/** The values of an arm (of one segment) around its quantile. */
export type QuantileValues = (arm: string, group: string | null) => RankedValues;

interface Part {
  readonly arm: string;
  readonly grp: string | null;
  readonly count: number;
}

/**
 * Reads what an exact sequence of a quantile needs: of each arm (and group) the values whose ranks lie around it.
 *
 * @throws AnalyzeError where a unit has several rows: then they are not independent
 */
export async function readQuantileValues(
  warehouse: Warehouse,
  reading: Reading,
  tuning: MixtureTuning,
): Promise<QuantileValues> {
  const { metric, metricIndex, groupBy } = reading;
  if (metric.type !== 'quantile') throw new RangeError(`${metric.expression} is no quantile`);
  await refuseSeveralRows(warehouse, reading);
  const rows = `
  SELECT units.arm, ${groupBy === null ? 'CAST(NULL AS VARCHAR)' : `units.${groupBy}`} AS grp, events.value
  FROM ${eventsTable(metricIndex)} AS events JOIN ${UNITS} AS units ON units.rowid = events.unit_row`;
  const parts = await warehouse.query<{ arm: string; grp: string | null; count: number }>({
    sql: `SELECT arm, grp, COUNT(*) AS count FROM (${rows}) AS events GROUP BY arm, grp`,
    parameters: {},
  });
  const found = new Map<string, RankedValues>();
  for (const part of parts) {
    const window = quantileWindow(part.count, { ...tuning, quantile: metric.quantile });
    const values = await valuesBetween(warehouse, rows, part, window);
    found.set(keyOf(part.arm, part.grp), {
      count: part.count,
      at: (rank) => values[rank - window.lower] ?? NaN,
    });
  }
  return (arm, group) => {
    const values = found.get(keyOf(arm, group));
    if (values === undefined) throw new RangeError(`${metric.expression}: arm ${arm} has no rows`);
    return values;
  };
}

async function valuesBetween(
  warehouse: Warehouse,
  rows: string,
  { arm, grp }: Part,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): Promise<Float64Array> {
  const found = await warehouse.query<{ value: number }>({
    sql: `
SELECT CAST(value AS DOUBLE) AS value FROM (${rows}) AS events
WHERE arm = $arm${grp === null ? '' : ' AND grp = $grp'}
ORDER BY value LIMIT ${upper - lower + 1} OFFSET ${lower - 1}`,
    parameters: { arm, ...(grp === null ? {} : { grp }) },
  });
  return Float64Array.from(found, ({ value }) => value);
}

async function refuseSeveralRows(warehouse: Warehouse, { metric, metricIndex }: Reading): Promise<void> {
  const [most] = await warehouse.query<{ unit: string; count: number }>({
    sql: `
SELECT CAST(units.unit AS VARCHAR) AS unit, COUNT(*) AS count
FROM ${eventsTable(metricIndex)} AS events JOIN ${UNITS} AS units ON units.rowid = events.unit_row
GROUP BY ALL HAVING COUNT(*) > 1 ORDER BY ALL LIMIT 1`,
    parameters: {},
  });
  if (most === undefined) return;
  throw new AnalyzeError(
    `metric ${metric.expression}: --sequences exact reads quantiles of units with one row each, but unit "${most.unit}" has ${most.count}; leave the option out`,
  );
}

function keyOf(arm: string, group: string | null): string {
  return JSON.stringify([arm, group]);
}
