import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Gate } from '../../event-bus/contract/gate.ts';
import type { EventBatch } from '../../event-bus/port.ts';
import { endProcess, forkModule } from '../../parts/child-process.ts';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb.ts';
import { openBusUnderTest, type BusUnderTest } from '../ingest/bus-under-test.ts';
import { startLoad } from '../ingest/load.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';
import { assertEndOfPipe } from './end-of-pipe.ts';
import type { FromConsumer, ToConsumer } from './frozen-consumer-child.ts';
import { faultRounds } from './rounds.ts';

const FREEZES = faultRounds(3);

/** A consumer in a process of its own. Its batches come here, where the warehouse is. */
class Consumer {
  readonly child: ChildProcess;
  readonly #warehouse: DuckDbWarehouse;
  /** Told of each batch before it is appended; what it returns is waited for. */
  onBatch: (batch: EventBatch) => Promise<void> | undefined = () => undefined;
  batches = 0;
  /** Batches of which everything was there already. */
  stale = 0;

  constructor(underTest: BusUnderTest, warehouse: DuckDbWarehouse) {
    this.#warehouse = warehouse;
    this.child = forkModule(import.meta.url, './frozen-consumer-child', [JSON.stringify(underTest)], {
      serialization: 'advanced',
    });
    this.child.on('message', (message: FromConsumer) => void this.#answer(message));
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.child.kill('SIGCONT');
    await endProcess(this.child, 'SIGKILL');
  }

  async #answer(message: FromConsumer): Promise<void> {
    let offset: bigint | undefined;
    if (message.kind === 'load') {
      offset = await this.#warehouse.ingestedOffset(message.partition);
    } else {
      await this.onBatch(message.batch);
      const rows = await this.#warehouse.appendEvents(message.batch);
      this.batches += 1;
      if (rows === 0) this.stale += 1;
    }
    if (this.child.connected) this.child.send({ id: message.id, offset } satisfies ToConsumer);
  }
}

test(
  'a consumer that is frozen in a batch past its session timeout changes nothing when it wakes',
  { skip: SKIP_KAFKA },
  async (t) => {
    const kafka = await startTestKafka();
    t.after(() => kafka.stop());
    const underTest: BusUnderTest = { kind: 'kafka', address: kafka.address, sessionTimeoutMs: 1_000 };
    const bus = await openBusUnderTest(underTest);
    t.after(() => bus.close());
    const warehouse = await openDuckDb({ file: ':memory:' });
    t.after(() => warehouse.close());
    const load = startLoad(bus, { publishers: 2, batchSize: 40 });
    const consumers = [startConsumer(t, underTest, warehouse), startConsumer(t, underTest, warehouse)];
    for (let freeze = 0; freeze < FREEZES; freeze += 1) {
      const [frozen, other] = freeze % 2 === 0 ? consumers : consumers.toReversed();
      assert.ok(frozen !== undefined && other !== undefined);
      await freezeInABatch(frozen, warehouse);
    }
    const acknowledged = await load.stop();
    const ends = await bus.endOffsets();
    for (const [partition, end] of ends) await untilIngested(warehouse, partition, end);
    const counts = await assertEndOfPipe(bus, warehouse, acknowledged);
    const stale = consumers.reduce((sum, consumer) => sum + consumer.stale, 0);
    t.diagnostic(`${FREEZES} freezes, ${stale} batches came from the past: ${JSON.stringify(counts)}`);
    assert.ok(stale >= FREEZES, 'each frozen consumer woke with a batch that another had read meanwhile');
  },
);

function startConsumer(t: TestContext, underTest: BusUnderTest, warehouse: DuckDbWarehouse): Consumer {
  const consumer = new Consumer(underTest, warehouse);
  t.after(() => consumer.stop());
  return consumer;
}

/** Freezes a consumer with a batch at hand, and thaws it once the other has read beyond that batch. */
async function freezeInABatch(frozen: Consumer, warehouse: DuckDbWarehouse): Promise<void> {
  const taken = new Gate();
  const release = new Gate();
  let atHand: EventBatch | undefined;
  frozen.onBatch = (batch) => {
    if (atHand !== undefined && batch.partition !== atHand.partition) return undefined;
    if (atHand === undefined) {
      atHand = batch;
      frozen.freeze();
      taken.open();
    }
    return release.opened;
  };
  await taken.opened;
  const batch = atHand;
  assert.ok(batch !== undefined);
  await untilIngested(warehouse, batch.partition, batch.nextOffset);
  frozen.onBatch = () => undefined;
  release.open();
  frozen.thaw();
  const before = frozen.batches;
  // It is in the group again, and reads.
  while (frozen.batches < before + 3) await setTimeout(10);
}

async function untilIngested(warehouse: DuckDbWarehouse, partition: number, offset: bigint): Promise<void> {
  while (((await warehouse.ingestedOffset(partition)) ?? 0n) < offset) {
    await setTimeout(10);
  }
}
