import assert from 'node:assert/strict';
import { readAll } from '../../event-bus/contract/collector.ts';
import type { Event } from '../../event-bus/event.ts';
import type { EventBus } from '../../event-bus/port.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { assertOrderedByUser } from '../ingest/load.ts';

export interface PipeCounts {
  readonly acknowledged: number;
  readonly inBus: number;
  readonly storedTwice: number;
  readonly rows: number;
}

/** Nothing that was acknowledged is missing at the end of the pipe and nothing is there twice; in the bus the order of each user holds. */
export async function assertEndOfPipe(
  bus: EventBus,
  warehouse: Warehouse,
  acknowledged: readonly Event[],
): Promise<PipeCounts> {
  const ids = new Set(acknowledged.map(({ eventId }) => eventId));
  const stored = (await readAll(bus, 5_000)).flatMap(({ events }) => events);
  const storedIds = new Set(stored.map(({ eventId }) => eventId));
  const lost = [...ids].filter((id) => !storedIds.has(id));
  assert.deepEqual(lost, [], `${lost.length} acknowledged events are not in the bus`);
  assertOrderedByUser(stored);
  const rows = await warehouse.query<{ event_id: string }>({ sql: 'SELECT event_id FROM raw_events', parameters: {} });
  const rowIds = new Set(rows.map(({ event_id: id }) => id));
  assert.equal(rows.length, rowIds.size, 'an event is in the warehouse twice');
  assert.equal(rowIds.size, ids.size);
  for (const id of ids) assert.ok(rowIds.has(id), `event ${id} was acknowledged and is not in the warehouse`);
  return {
    acknowledged: ids.size,
    inBus: stored.length,
    storedTwice: stored.length - storedIds.size,
    rows: rows.length,
  };
}
