import type { MetricDefinition } from '../../definitions/metric.ts';
import { pastSlotsQuery } from '../../warehouse-sql/past-queries.ts';
import { AnalyzeError } from '../analyze-error.ts';
import { slotHistory, type SlotHistory } from '../plan/slots.ts';
import { dialectOf, ownPast, type PastWarehouse } from './past-source.ts';
import { pastOf, type PastRequest } from './past-time.ts';

/**
 * A count or a sum by region and slot, from the platform's own events.
 *
 * @throws AnalyzeError for another metric, or where there is nothing
 */
export async function readPastSlots(
  warehouse: PastWarehouse,
  request: PastRequest & { readonly region: string; readonly slotMs: number },
  metric: MetricDefinition,
): Promise<SlotHistory> {
  const { type, key, cap, capPercentile } = metric;
  if ((type !== 'count' && type !== 'sum') || cap !== undefined || capPercentile !== undefined)
    throw new AnalyzeError(`metric ${key}: a window of a switchback has a total; give a count or a sum without a cap`);
  const { region, slotMs } = request;
  const past = await pastOf(ownPast(warehouse, [metric], null), request);
  const time = {
    fromMs: Math.ceil(past.fromMs / slotMs) * slotMs,
    untilMs: Math.floor(past.untilMs / slotMs) * slotMs,
    slotMs,
  };
  const rows = await warehouse.query(pastSlotsQuery(dialectOf(warehouse), { ...time, region }, metric));
  const values = rows.map(({ region: name, slot_ms: at, total }) => ({ region: name, slotMs: at, value: total }));
  return slotHistory(values, time, 0);
}
