import { after, before, describe } from 'node:test';
import { SKIP_KAFKA, startTestKafka, type TestKafka } from '../../tests/support/kafka.ts';
import { describeEventBusContract } from '../contract.ts';
import { openKafkaBus } from './kafka-bus.ts';

describe('the log in Kafka', { skip: SKIP_KAFKA }, () => {
  let kafka: TestKafka;
  before(async () => {
    kafka = await startTestKafka();
  });
  after(() => kafka.stop());

  describeEventBusContract('Kafka', async ({ log, registry, partitionCount }) => {
    const quick = { sessionTimeoutMs: 2_000, heartbeatMs: 50 };
    return await openKafkaBus({ brokers: [kafka.address], topicPrefix: log, registry, partitionCount, ...quick });
  });
});
