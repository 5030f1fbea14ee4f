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
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { openBusUnderTest, type BusUnderTest } from './bus-under-test.ts';
import { outcomes, seededRandom } from './outcomes.ts';

const BATCH = 100;

test('ingest that is killed again and again neither loses nor doubles an event', async (t) => {
  const postgres = await startTestPostgres();
  t.after(() => postgres.stop());
  await killAgainAndAgain(t, { kind: 'embedded', url: postgres.url }, 12);
});

test('the same over Kafka, whose broker has to notice each death', { skip: SKIP_KAFKA }, async (t) => {
  const kafka = await startTestKafka();
  t.after(() => kafka.stop());
  await killAgainAndAgain(t, { kind: 'kafka', address: kafka.address, sessionTimeoutMs: 1_000 }, 8);
});

async function killAgainAndAgain(t: TestContext, underTest: BusUnderTest, kills: number): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-ingest-kill-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'warehouse.duckdb');
  const bus = await openBusUnderTest(underTest);
  t.after(() => bus.close());
  const random = seededRandom(20_260_401);
  const publisher = startPublishing(bus, random);

  let killedWhileIngesting = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const child = startIngestChild(underTest, file);
    // Some die while they open the file and replay its journal, most in the middle of their work.
    const isEarly = kill % 4 === 3;
    if (!isEarly) await ingesting(child);
    await setTimeout(random() * (isEarly ? 800 : 150));
    if (!isEarly) killedWhileIngesting += 1;
    await killed(child);
  }
  const sent = await publisher.stop();
  const last = startIngestChild(underTest, file);
  await ingesting(last);
  last.send('finish');
  const [exitCode] = await once(last, 'exit');
  assert.equal(exitCode, 0);
  assert.equal(killedWhileIngesting, (kills * 3) / 4);

  const warehouse = await openDuckDb({ file });
  t.after(() => warehouse.close());
  const [counts] = await warehouse.query<{ rows: number; ids: number; sequences: number }>({
    sql: `SELECT count(*) AS rows, count(DISTINCT event_id) AS ids,
                 count(DISTINCT CAST(json_extract_string(properties, '$.sequence') AS BIGINT)) AS sequences
          FROM raw_events`,
    parameters: {},
  });
  assert.deepEqual(counts, { rows: sent, ids: sent, sequences: sent });
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

function startIngestChild(underTest: BusUnderTest, file: string): ChildProcess {
  return forkModule(import.meta.url, './ingest-child', [JSON.stringify(underTest), file]);
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
