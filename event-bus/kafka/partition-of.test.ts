import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { partitionOf } from './partition-of.ts';

test('a key goes to the partition that other Kafka clients choose', () => {
  const partitioner = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.uuid()),
      fc.integer({ min: 1, max: 64 }),
      (key, partitionCount) => {
        const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 1,
          replicas: [1],
          isr: [1],
        }));
        const message = { key: Buffer.from(key, 'utf8'), value: '' };
        assert.equal(
          partitionOf(key, partitionCount),
          partitioner({ topic: 'events', partitionMetadata, message }),
          JSON.stringify(key),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

/** From Kafka's own UtilsTest.testMurmur2, each taken modulo 1,000 after clearing the sign. */
test('a key goes where Java puts it', () => {
  const hashes: Readonly<Record<string, number>> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) assert.equal(partitionOf(key, 1_000), (hash & 0x7fffffff) % 1_000);
});
