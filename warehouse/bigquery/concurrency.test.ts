import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BigQueryEmulator } from '../../parts/bigquery-emulator.ts';
import { startTestEmulator, whyNoEmulator } from '../../tests/support/bigquery-emulator.ts';
import { countRows } from '../contract/fixture.ts';
import type { Warehouse } from '../port.ts';
import { batchOf } from '../testing/batches.ts';
import { openBigQuery, type BigQueryOptions } from './bigquery.ts';
import { BigQueryBytesLimitError, BigQueryError, BigQueryNotFoundError, BigQueryUnavailableError } from './errors.ts';

const skip = await whyNoEmulator();
const TIMEOUT_MS = 180_000;

describe('BigQuery, when not everything is in order', { skip, timeout: TIMEOUT_MS }, () => {
  let emulator: BigQueryEmulator;
  before(async () => {
    emulator = await startTestEmulator();
  });
  after(() => emulator.stop());

  const open = (dataset: string, options: Partial<BigQueryOptions> = {}): Promise<Warehouse> =>
    openBigQuery({
      project: 'concurrency',
      dataset,
      apiEndpoint: emulator.apiEndpoint,
      createDataset: true,
      appendEveryMs: 0,
      ...options,
    });

  test('two writers that bring the same events at once, cut differently, bring each event once', async () => {
    const writers = [await open('two_writers'), await open('two_writers')];
    const sizes = [10, 7];
    await Promise.all(
      writers.map(async (writer, index) => {
        const size = sizes[index] ?? 1;
        for (let from = 0; from < 30; from += size) {
          const batch = batchOf(0, from, Math.min(from + size, 30));
          await appendAtLast(writer, batch);
        }
      }),
    );
    const [first] = writers;
    assert.ok(first !== undefined);
    assert.equal(await countRows(first), 30);
    const [distinct] = await first.query<{ n: number; duplicates: number }>({
      sql: 'SELECT COUNT(DISTINCT event_id) AS n, (SELECT SUM(duplicate_count) FROM ingest_offsets) AS duplicates FROM raw_events',
      parameters: {},
    });
    assert.deepEqual(distinct, { n: 30, duplicates: 0 });
    assert.equal(await first.ingestedOffset(0), 30n);
    await Promise.all(writers.map((writer) => writer.close()));
  });

  /** As ingest does: a batch that failed is brought again. */
  async function appendAtLast(writer: Warehouse, batch: ReturnType<typeof batchOf>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await writer.appendEvents(batch);
        return;
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
  }

  test('a log that was made anew begins at 0 again, and its events are not taken for the old ones', async () => {
    const old = await open('made_anew');
    assert.equal(await old.appendEvents(batchOf(0, 0, 5)), 5);
    await old.execute(
      ['raw_events', 'ingest_offsets', 'ingest_turn'].map((name) => ({ sql: `DROP TABLE ${name}`, parameters: {} })),
    );
    await old.close();
    // Jobs of the same names, of the same events, are still there.
    const anew = await open('made_anew');
    assert.equal(await anew.appendEvents(batchOf(0, 0, 5)), 5);
    assert.equal(await countRows(anew), 5);
    await anew.close();
  });

  test('a dataset that is missing, or lies elsewhere, is a sentence', async () => {
    await assert.rejects(open('missing', { createDataset: false, location: 'EU' }), (error) => {
      assert.ok(error instanceof BigQueryNotFoundError);
      assert.match(error.message, /bq mk --location=EU --dataset concurrency:missing/);
      return true;
    });
    await (await open('in_us', { location: 'US' })).close();
    await assert.rejects(open('in_us', { location: 'EU' }), /is in US and not in EU\. Set BIGQUERY_LOCATION/);
  });

  test('an address where nobody answers is a sentence', async () => {
    await assert.rejects(open('nobody', { apiEndpoint: 'http://127.0.0.1:9' }), (error) => {
      assert.ok(error instanceof BigQueryUnavailableError, String(error));
      return true;
    });
    assert.ok(new BigQueryBytesLimitError('x') instanceof BigQueryError);
  });
});
