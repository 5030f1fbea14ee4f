import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openKafkaBus } from '../event-bus/kafka/kafka-bus.ts';
import { readConfiguration } from '../main/configuration.ts';
import { freePort } from '../parts/free-port.ts';
import { SKIP_KAFKA, startTestKafka, type TestKafka } from '../tests/support/kafka.ts';
import type { Finding } from './doctor/check.ts';
import { checkKafka } from './doctor/parts.ts';
import { exposureOf, runUmpire, type Ran } from './testing/test-platform.ts';

const AT_MS = Date.UTC(2026, 3, 1, 14, 0, 0);

describe('the command line where events are in Kafka', { skip: SKIP_KAFKA }, () => {
  let kafka: TestKafka;
  const umpire = (settings: Record<string, string>, ...args: string[]): Promise<Ran> =>
    runUmpire(args, undefined, { settings });

  before(async () => {
    kafka = await startTestKafka();
    const bus = await openKafkaBus({ brokers: [kafka.address], partitionCount: 3 });
    await bus.publish(Array.from({ length: 30 }, (_, n) => exposureOf(`u${n}`, AT_MS + n)));
    await bus.close();
  });
  after(() => kafka.stop());

  it('prints the newest events, and those of one user', async () => {
    const settings = { KAFKA_BROKERS: kafka.address };
    const all = await umpire(settings, 'events', 'tail', '--lines', '100');
    assert.equal(all.exitCode, 0, all.err);
    assert.equal(all.out.split('\n').length, 30);
    const one = await umpire(settings, 'events', 'tail', '--user', 'u7', '--json');
    assert.equal((JSON.parse(one.out) as { userId: string }).userId, 'u7');
  });

  it('says where there is no log', async () => {
    const none = await umpire({ KAFKA_BROKERS: kafka.address, KAFKA_TOPIC_PREFIX: 'elsewhere' }, 'events', 'tail');
    assert.equal(none.exitCode, 1);
    assert.match(none.err, /holds no event log named elsewhere; is KAFKA_TOPIC_PREFIX that of the platform\?/);
  });

  it('says whether the brokers answer', async () => {
    const found = (settings: Record<string, string>): Promise<Finding> => checkKafka(readConfiguration(settings))();
    const answers = { part: 'Kafka', status: 'ok', detail: `${kafka.address} answers; 1 broker` };
    assert.deepEqual(await found({ KAFKA_BROKERS: kafka.address }), answers);
    const nobody = `127.0.0.1:${await freePort()}`;
    const problem = JSON.stringify(await found({ KAFKA_BROKERS: nobody }));
    assert.match(problem, /"status":"problem"/);
    assert.match(problem, new RegExp(`Kafka at ${nobody} cannot be used`));
  });
});
