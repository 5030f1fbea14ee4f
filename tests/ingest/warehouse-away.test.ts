import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { ensureBigQueryEmulator, startBigQueryEmulator } from '../../parts/bigquery-emulator.ts';
import { freePort } from '../../parts/free-port.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { whyNoEmulator } from '../support/bigquery-emulator.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { openBusUnderTest } from './bus-under-test.ts';
import { startLoad } from './load.ts';
import { countRows, openWarehouseUnderTest } from './warehouse-under-test.ts';

const AWAY_MS = 60_000;

test(
  'a warehouse that is killed and away for a minute: events wait in the bus, and all of them arrive once',
  { skip: await whyNoEmulator() },
  async (t) => {
    const emulator = await startRestartableEmulator();
    const postgres = await startTestPostgres();
    const bus = await openBusUnderTest({ kind: 'embedded', url: postgres.url });
    const warehouse = await openWarehouseUnderTest({ kind: 'bigquery', apiEndpoint: emulator.apiEndpoint });
    const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });
    t.after(async () => {
      await bus.close();
      await warehouse.close();
      await Promise.all([postgres.stop(), emulator.stop()]);
    });

    const load = startLoad(bus, { publishers: 2, batchSize: 25 });
    while (ingest.statistics().rows < 200) await setTimeout(20);
    await emulator.kill();
    const storedBefore = ingest.statistics().rows;
    const untilBack = setTimeout(AWAY_MS);
    await load.acknowledgedMore(500);
    await untilBack;
    const { failures } = ingest.statistics();
    assert.ok(failures > 0, 'nothing failed while the warehouse was away');
    await emulator.start();
    await load.acknowledgedMore(100);
    const sent = (await load.stop()).length;
    await ingest.caughtUp();
    const counts = await countRows(warehouse);
    t.diagnostic(JSON.stringify({ sent, storedBefore, failedAttempts: failures, ...counts }));
    assert.deepEqual(counts, { row_count: sent, ids: sent });
    await ingest.stop();
  },
);

/** An emulator that keeps its data and its port. */
async function startRestartableEmulator() {
  const installation = await ensureBigQueryEmulator();
  if (!installation.isAvailable) throw new Error(installation.reason);
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-bigquery-'));
  const options = { installation: installation.directory, dataDirectory, port: await freePort() };
  let current = await startBigQueryEmulator(options);
  return {
    apiEndpoint: current.apiEndpoint,
    kill: async () => {
      process.kill(current.processId, 'SIGKILL');
      // Of a killed one this only waits for the end.
      await current.stop();
    },
    start: async () => {
      current = await startBigQueryEmulator(options);
    },
    stop: async () => {
      await current.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
