import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventBatch } from '../../event-bus/port.ts';
import type { OpenWarehouse } from '../contract.ts';
import type { Row } from '../port.ts';
import { batchOf, eventAt, NOON_MS } from '../testing/batches.ts';
import { countRows, duplicates, newWarehouse, rowsOf } from './fixture.ts';

const DAY_MS = 86_400_000;

type BatchEvent = EventBatch['events'][number];

/** A batch of partition 0 of these events, at the offsets from `from` on. */
function batchWith(from: number, changes: readonly Partial<BatchEvent>[]): EventBatch {
  const events = changes.map((change, index) => eventAt(from + index, change));
  return { partition: 0, events, nextOffset: BigInt(from + changes.length) };
}

export function describeAppending(openWarehouse: OpenWarehouse): void {
  describe('appending', () => {
    test('a batch is stored once, whoever brings it again', async (t) => {
      const { open } = newWarehouse(t, openWarehouse);
      let warehouse = await open();
      assert.equal(await warehouse.ingestedOffset(0), undefined);
      assert.equal(await warehouse.appendEvents(batchOf(0, 0, 20)), 20);
      assert.equal(await warehouse.ingestedOffset(0), 20n);
      assert.equal(await warehouse.appendEvents(batchOf(0, 0, 20)), 0);
      warehouse = await open();
      assert.equal(await warehouse.ingestedOffset(0), 20n);
      assert.equal(await warehouse.appendEvents(batchOf(0, 0, 20)), 0);
      assert.equal(await warehouse.appendEvents(batchOf(0, 20, 30)), 10);
      assert.equal(await countRows(warehouse), 30);
      assert.deepEqual(await duplicates(warehouse), { 0: 0 });
    });

    test('of a batch that overlaps what is stored only the rest is new, and nothing of it is a duplicate', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await warehouse.appendEvents(batchOf(0, 0, 20));
      assert.equal(await warehouse.appendEvents(batchOf(0, 10, 25)), 5);
      assert.equal(await warehouse.ingestedOffset(0), 25n);
      assert.equal(await countRows(warehouse), 25);
      assert.deepEqual(await duplicates(warehouse), { 0: 0 });
    });

    test('the first copy of an event id is kept, the others are counted', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const first = { eventId: 'twice', timestampMs: NOON_MS, properties: { copy: 1 } };
      const second = { ...first, properties: { copy: 2 } };
      assert.equal(await warehouse.appendEvents(batchWith(0, [first, {}, second])), 2);
      assert.equal(await warehouse.appendEvents(batchWith(3, [second, {}])), 1);
      assert.equal(await warehouse.appendEvents(batchWith(5, [second])), 0);
      const [row] = await rowsOf<{ properties: string; log_offset: number }>(
        warehouse,
        "SELECT properties, log_offset FROM raw_events WHERE event_id = 'twice'",
      );
      assert.deepEqual(
        { ...row, properties: JSON.parse(row?.properties ?? '') },
        { properties: { copy: 1 }, log_offset: 0 },
      );
      assert.deepEqual(await duplicates(warehouse), { 0: 3 });
      assert.equal(await warehouse.ingestedOffset(0), 6n);
    });

    test('partitions are independent, also at once; the same event in two of them is one row', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const shared = eventAt(100, { eventId: 'shared', timestampMs: NOON_MS });
      const batches = [0, 1, 2].map((partition) => {
        const batch = batchOf(partition, 0, 10);
        return partition === 0 ? batch : { ...batch, events: [...batch.events, shared], nextOffset: 101n };
      });
      const added = await Promise.all(batches.map((batch) => warehouse.appendEvents(batch)));
      assert.equal(added[0], 10);
      assert.equal((added[1] ?? 0) + (added[2] ?? 0), 21);
      assert.equal(await countRows(warehouse), 31);
      const offsets = await Promise.all([0, 1, 2, 3].map((partition) => warehouse.ingestedOffset(partition)));
      assert.deepEqual(offsets, [10n, 101n, 101n, undefined]);
    });

    test('batches that are given before the one ahead is stored are stored in order', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const added = await Promise.all([0, 5, 10].map((from) => warehouse.appendEvents(batchOf(0, from, from + 5))));
      assert.deepEqual(added, [5, 5, 5]);
      assert.equal(await warehouse.ingestedOffset(0), 15n);
    });

    test('a batch without events moves the offset', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      assert.equal(await warehouse.appendEvents({ partition: 3, events: [], nextOffset: 7n }), 0);
      assert.equal(await warehouse.ingestedOffset(3), 7n);
      assert.equal(await countRows(warehouse), 0);
    });

    test('a late event counts on the day on which it happened', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await warehouse.appendEvents(batchWith(0, [{}, { timestampMs: NOON_MS - DAY_MS }]));
      const late = { eventId: 'late', timestampMs: NOON_MS - 400 * DAY_MS };
      assert.equal(await warehouse.appendEvents(batchWith(2, [late, {}])), 2);
      assert.equal(await warehouse.appendEvents(batchWith(4, [late])), 0);
      const rows = await rowsOf(
        warehouse,
        'SELECT CAST(occurred_at AS DATE) AS day, COUNT(*) AS n FROM raw_events GROUP BY 1 ORDER BY 1',
      );
      assert.deepEqual(rows, [
        { day: '2025-02-25', n: 1 },
        { day: '2026-03-31', n: 1 },
        { day: '2026-04-01', n: 2 },
      ]);
    });

    test('an event comes back as it was', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      const properties = {
        text: 'नमस्ते 𝒖 "quoted" \\ \n line',
        whole: 9_007_199_254_740_991,
        fraction: 0.1,
        tiny: 1e-9,
        no: false,
        nothing: null,
        list: [1, 'a', null],
        object: { nested: { deep: true } },
      };
      const offset = 2n ** 60n + 1n;
      const exposure = eventAt(0, {
        eventId: 'naïve',
        userId: '用户',
        anonymousId: "d'1",
        timestampMs: -1,
        experimentKey: 'upi_retry',
        epoch: 2,
        variant: 'größer',
        decisionId: '',
        properties,
        offset,
      });
      await warehouse.appendEvents({ partition: 1, events: [exposure], nextOffset: offset + 1n });
      const rows = await rowsOf<Row & { properties: string }>(
        warehouse,
        `SELECT event_id, event_type, schema_version, user_id, anonymous_id, occurred_at, service_name, experiment_key, epoch, variant,
                decision_id, properties, ingested_at, log_partition, CAST(log_offset AS STRING) AS log_offset FROM raw_events`,
      );
      assert.deepEqual(
        rows.map((row) => ({ ...row, properties: JSON.parse(row.properties) as unknown })),
        [
          {
            event_id: 'naïve',
            event_type: 'deposit_succeeded',
            schema_version: 1,
            user_id: '用户',
            anonymous_id: "d'1",
            occurred_at: new Date(-1),
            service_name: 'payment',
            experiment_key: 'upi_retry',
            epoch: 2,
            variant: 'größer',
            decision_id: '',
            properties,
            ingested_at: new Date(NOON_MS + 500),
            log_partition: 1,
            log_offset: String(offset),
          },
        ],
      );
      assert.equal(await warehouse.ingestedOffset(1), offset + 1n);
    });

    test('a batch that cannot be stored leaves neither rows nor an offset, and the next one is taken', async (t) => {
      const warehouse = await newWarehouse(t, openWarehouse).open();
      await assert.rejects(warehouse.appendEvents(batchWith(0, [{}, { timestampMs: 0.5 }])));
      assert.equal(await countRows(warehouse), 0);
      assert.equal(await warehouse.ingestedOffset(0), undefined);
      assert.equal(await warehouse.appendEvents(batchOf(0, 0, 10)), 10);
    });
  });
}
