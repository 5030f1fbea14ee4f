import { test } from 'node:test';
import { pino } from 'pino';
import { Collector } from '../../event-bus/contract/collector.ts';
import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startLoad } from '../ingest/load.ts';
import { OUTCOME_REGISTRY } from '../ingest/outcomes.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';
import { assertEndOfPipe } from './end-of-pipe.ts';
import { faultRounds } from './rounds.ts';

const KILLS = faultRounds(5);
const LOAD = { publishers: 4, batchSize: 50 };

test(
  'the broker is killed under load: what was acknowledged is there, once, in order, and everybody goes on',
  { skip: SKIP_KAFKA },
  async (t) => {
    const kafka = await startTestKafka();
    t.after(() => kafka.stop());
    const bus = await openKafkaBus({
      brokers: [kafka.address],
      registry: OUTCOME_REGISTRY,
      partitionCount: 4,
      sessionTimeoutMs: 3_000,
      heartbeatMs: 200,
    });
    const warehouse = await openDuckDb({ file: ':memory:' });
    t.after(() => warehouse.close());
    t.after(() => bus.close());
    const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });
    const collector = new Collector();
    const consumer = await bus.consume({ group: 'bus-kept', maxBatchSize: 100, onBatch: collector.onBatch });

    const load = startLoad(bus, LOAD);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await load.acknowledgedMore(1_500);
      const before = collector.events.length;
      await kafka.killAndRestart();
      await load.acknowledgedMore(100);
      await collector.until(() => collector.events.length > before);
    }
    const acknowledged = await load.stop();
    await Promise.all([ingest.caughtUp(), consumer.caughtUp()]);
    const counts = await assertEndOfPipe(bus, warehouse, acknowledged);
    t.diagnostic(`${KILLS} kills: ${JSON.stringify({ ...counts, failedAttempts: bus.metrics().failedAttempts })}`);
  },
);
