import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { EventBus } from '../../event-bus/port.ts';
import { forkModule } from '../../parts/child-process.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';
import { startTestEmulator, whyNoEmulator } from '../support/bigquery-emulator.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { openBusUnderTest, type BusUnderTest } from './bus-under-test.ts';
import { outcomes, seededRandom } from './outcomes.ts';
import { countRows, openWarehouseUnderTest, type WarehouseUnderTest } from './warehouse-under-test.ts';

const BATCH = 100;

test('ingest that is killed again and again neither loses nor doubles an event', async (t) => {
  const postgres = await startTestPostgres();
  t.after(() => postgres.stop());
  await killAgainAndAgain(t, { kind: 'embedded', url: postgres.url }, await newFile(t), 12);
});

test('the same over Kafka, whose broker has to notice each death', { skip: SKIP_KAFKA }, async (t) => {
  const kafka = await startTestKafka();
  t.after(() => kafka.stop());
  const underTest = { kind: 'kafka', address: kafka.address, sessionTimeoutMs: 1_000 } as const;
  await killAgainAndAgain(t, underTest, await newFile(t), 8);
});

const noEmulator = await whyNoEmulator();

test('the same into BigQuery, by its client and the emulator', { skip: noEmulator }, async (t) => {
  const [postgres, emulator] = await Promise.all([startTestPostgres(), startTestEmulator()]);
  t.after(() => Promise.all([postgres.stop(), emulator.stop()]));
  const into = { kind: 'bigquery', apiEndpoint: emulator.apiEndpoint } as const;
  await killAgainAndAgain(t, { kind: 'embedded', url: postgres.url }, into, 8);
});

async function newFile(t: TestContext): Promise<WarehouseUnderTest> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-ingest-kill-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return { kind: 'duckdb', file: path.join(directory, 'warehouse.duckdb') };
}

async function killAgainAndAgain(
  t: TestContext,
  underTest: BusUnderTest,
  into: WarehouseUnderTest,
  kills: number,
): Promise<void> {
  const bus = await openBusUnderTest(underTest);
  t.after(() => bus.close());
  const random = seededRandom(20_260_401);
  const publisher = startPublishing(bus, random);

  let killedWhileIngesting = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const child = startIngestChild(underTest, into);
    // Some die while they open the file and replay its journal, most in the middle of their work.
    const isEarly = kill % 4 === 3;
    if (!isEarly) await ingesting(child);
    await setTimeout(random() * (isEarly ? 800 : 150));
    if (!isEarly) killedWhileIngesting += 1;
    await killed(child);
  }
  const sent = await publisher.stop();
  const last = startIngestChild(underTest, into);
  await ingesting(last);
  last.send('finish');
  const [exitCode] = await once(last, 'exit');
  assert.equal(exitCode, 0);
  assert.equal(killedWhileIngesting, (kills * 3) / 4);

  const warehouse = await openWarehouseUnderTest(into);
  t.after(() => warehouse.close());
  const counts = await countRows(warehouse);
  // Every sequence has an id of its own.
  assert.deepEqual(counts, { row_count: sent, ids: sent });
  for (const [partition, end] of await bus.endOffsets()) assert.equal(await warehouse.ingestedOffset(partition), end);
  t.diagnostic(
    `${kills} kills, ${killedWhileIngesting} while ingesting: ${JSON.stringify({ published: sent, ...counts })}`,
  );
}

/** Publishes on and on; now and then the same events twice, as a publisher does that missed its acknowledgement. */
function startPublishing(bus: EventBus, random: () => number): { stop(): Promise<number> } {
  let isRunning = true;
  const work = (async () => {
    let sequence = 0;
    for (; isRunning; sequence += BATCH) {
      const events = outcomes(0, sequence, BATCH);
      await bus.publish(events);
      if (random() < 0.1) await bus.publish(events);
      await setTimeout(5);
    }
    return sequence;
  })();
  return {
    stop: async () => {
      isRunning = false;
      return await work;
    },
  };
}

function startIngestChild(underTest: BusUnderTest, into: WarehouseUnderTest): ChildProcess {
  return forkModule(import.meta.url, './ingest-child', [JSON.stringify(underTest), JSON.stringify(into)]);
}

/** Resolves once the child has committed rows. */
async function ingesting(child: ChildProcess): Promise<void> {
  for (;;) {
    const [message] = (await Promise.race([once(child, 'message'), ended(child)])) as [unknown];
    if (typeof message === 'object' && message !== null && 'ingested' in message && Number(message.ingested) > 0)
      return;
  }
}

async function ended(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`the ingest process ended by itself with ${code}`);
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL');
}
