import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Collector } from '../../event-bus/contract/collector.ts';
import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startLoad } from '../ingest/load.ts';
import { OUTCOME_REGISTRY } from '../ingest/outcomes.ts';
import { SKIP_KAFKA, startTestKafkaCluster } from '../support/kafka.ts';
import { assertEndOfPipe } from './end-of-pipe.ts';
import { faultRounds } from './rounds.ts';

const BROKERS = 3;
const KILLS = faultRounds(2);

test(
  'brokers of three are killed in turn: others lead, nobody waits for its return, nothing is lost or counted twice',
  { skip: SKIP_KAFKA },
  async (t) => {
    const kafka = await startTestKafkaCluster(BROKERS);
    t.after(() => kafka.stop());
    const bus = await openKafkaBus({
      brokers: kafka.addresses,
      registry: OUTCOME_REGISTRY,
      partitionCount: 6,
      requestTimeoutMs: 3_000,
      sessionTimeoutMs: 3_000,
      heartbeatMs: 200,
    });
    const warehouse = await openDuckDb({ file: ':memory:' });
    t.after(() => warehouse.close());
    t.after(() => bus.close());
    const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });
    const collector = new Collector();
    const consumer = await bus.consume({ group: 'bus-kept', maxBatchSize: 100, onBatch: collector.onBatch });

    const load = startLoad(bus, { publishers: 4, batchSize: 60 });
    for (let kill = 0; kill < KILLS; kill += 1) {
      await load.acknowledgedMore(2_000);
      await kafka.kill(kill % BROKERS);
      const before = collector.events.length;
      // While it is away: every partition has a leader among the others.
      await load.acknowledgedMore(2_000);
      await collector.until(() => collector.events.length > before + 2_000);
      await kafka.start(kill % BROKERS);
    }
    const acknowledged = await load.stop();
    await Promise.all([ingest.caughtUp(), consumer.caughtUp()]);
    const counts = await assertEndOfPipe(bus, warehouse, acknowledged);
    assert.equal(new Set(collector.ids).size, counts.acknowledged);
    t.diagnostic(`${KILLS} kills: ${JSON.stringify({ ...counts, failedAttempts: bus.metrics().failedAttempts })}`);
  },
);
