import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import { freePort } from '../../parts/free-port.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import { startLoad } from '../ingest/load.ts';
import { OUTCOME_REGISTRY } from '../ingest/outcomes.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';
import { assertEndOfPipe } from './end-of-pipe.ts';
import { startLossyProxy, type Fate } from './lossy-proxy.ts';
import { faultRounds } from './rounds.ts';

const LOST = faultRounds(30);

/** Most of the lost ones break their connection; some leave the client waiting until its time is over. */
function fateOf(nth: number): Fate {
  if (nth % 25 === 0) return 'drop silently';
  return nth % 6 === 0 ? 'drop and close the connection' : 'deliver';
}

test(
  'the broker stores and its acknowledgement is lost: nothing is lost, and nothing is stored or counted twice',
  { skip: SKIP_KAFKA },
  async (t) => {
    const proxyPort = await freePort();
    const kafka = await startTestKafka({ advertisedPort: proxyPort });
    t.after(() => kafka.stop());
    const proxy = await startLossyProxy(proxyPort, () => Number(kafka.address.split(':')[1]), fateOf);
    t.after(() => proxy.close());
    const bus = await openKafkaBus({
      brokers: [`127.0.0.1:${proxy.port}`],
      registry: OUTCOME_REGISTRY,
      partitionCount: 3,
      requestTimeoutMs: 500,
      sessionTimeoutMs: 3_000,
      heartbeatMs: 200,
    });
    const warehouse = await openDuckDb({ file: ':memory:' });
    t.after(() => warehouse.close());
    t.after(() => bus.close());
    const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'silent' }) });

    // Several publishers, so that other batches wait behind the one in doubt.
    const load = startLoad(bus, { publishers: 8, batchSize: 30 });
    while (proxy.dropped() < LOST) await load.acknowledgedMore(240);
    const acknowledged = await load.stop();
    await ingest.caughtUp();
    const counts = await assertEndOfPipe(bus, warehouse, acknowledged);
    t.diagnostic(
      `${proxy.dropped()} acknowledgements lost of ${proxy.dropped() + proxy.acknowledged()}: ` +
        JSON.stringify({ ...counts, failedAttempts: bus.metrics().failedAttempts }),
    );
    assert.ok(proxy.dropped() >= LOST);
    assert.ok(bus.metrics().failedAttempts >= LOST / 2, 'lost acknowledgements are failed attempts');
    assert.equal(counts.storedTwice, 0, 'the broker knows a batch that is sent again');
  },
);
