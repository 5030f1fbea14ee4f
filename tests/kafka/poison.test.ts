import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { UnprocessableEventError } from '../../event-bus/consumer/unprocessable-event-error.ts';
import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import type { Warehouse } from '../../warehouse/port.ts';
import { outcomes, OUTCOME_REGISTRY } from '../ingest/outcomes.ts';
import { SKIP_KAFKA, startTestKafka } from '../support/kafka.ts';

const EVENTS = 4_000;
const POISONED: ReadonlySet<unknown> = new Set([0, 777, 778, 2_500, EVENTS - 1]);

/** Refuses some events for good, as a store does that has no room for a value. */
function refusing(warehouse: Warehouse, isRefused: (sequence: unknown) => boolean): Warehouse {
  return {
    dialectName: warehouse.dialectName,
    query: (statement) => warehouse.query(statement),
    execute: (statements) => warehouse.execute(statements),
    ingestedOffset: (partition) => warehouse.ingestedOffset(partition),
    close: () => warehouse.close(),
    appendEvents: async (batch) => {
      if (batch.events.some(({ properties }) => isRefused(properties['sequence']))) {
        throw new UnprocessableEventError('the amount does not fit');
      }
      return await warehouse.appendEvents(batch);
    },
  };
}

test(
  'poisoned events and foreign records go to the dead letters with the reason, and everything else is ingested',
  { skip: SKIP_KAFKA },
  async (t) => {
    const kafka = await startTestKafka();
    t.after(() => kafka.stop());
    const bus = await openKafkaBus({ brokers: [kafka.address], registry: OUTCOME_REGISTRY, partitionCount: 3 });
    const warehouse = await openDuckDb({ file: ':memory:' });
    t.after(() => warehouse.close());
    t.after(() => bus.close());
    for (let start = 0; start < EVENTS; start += 500) {
      await bus.publish(outcomes(0, start, 500));
      if (start === 1_000) await publishForeignRecords(kafka.address);
    }
    const ingest = await startIngest({
      bus,
      warehouse: refusing(warehouse, (sequence) => POISONED.has(sequence)),
      logger: pino({ level: 'silent' }),
    });
    await ingest.caughtUp();
    const { rows, refused, failures } = ingest.statistics();
    const letters = await bus.deadLetters({ limit: 100 });
    const poisoned = letters.filter(({ reason }) => reason.includes('the amount does not fit'));
    const foreign = letters.filter(({ payload }) => 'record' in payload);
    t.diagnostic(
      JSON.stringify({ published: EVENTS, rows, refused, foreign: foreign.length, failedAttempts: failures }),
    );
    assert.equal(rows, EVENTS - POISONED.size);
    assert.equal(refused, POISONED.size);
    assert.deepEqual(
      poisoned.map(({ payload }) => (payload['properties'] as { sequence: number }).sequence).toSorted((a, b) => a - b),
      [...POISONED],
    );
    for (const { reason } of poisoned) {
      assert.match(
        reason,
        /^event: consumer warehouse-ingest cannot handle it \(partition \d, offset \d+\): the amount/,
      );
    }
    assert.deepEqual(foreign.map(({ reason, payload }) => [reason, payload['record']]).toSorted(), [
      ['event: the record is not JSON', 'hello from elsewhere'],
      ['eventId: the record has no such text', '{"type":"deposit"}'],
    ]);
  },
);

/** Somebody else writes to the topic of the events. */
async function publishForeignRecords(address: string): Promise<void> {
  const producer = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const messages = [
    { key: 'a', value: 'hello from elsewhere' },
    { key: 'b', value: '{"type":"deposit"}' },
  ];
  await producer.send({ topic: 'umpire.events', messages });
  await producer.disconnect();
}
