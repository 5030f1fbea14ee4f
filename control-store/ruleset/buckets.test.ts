import assert from 'node:assert/strict';
import test from 'node:test';
import type { BucketRange } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import fc from 'fast-check';
import { ConflictError } from '../port.ts';
import { BUCKETS, countBuckets, reserveBuckets, subtract } from './buckets.ts';

const bucketsOf = (ranges: readonly BucketRange[]): number[] =>
  ranges.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, index) => first + index));

test('takes the first free buckets from a start on, around the end of the line', () => {
  assert.deepEqual(reserveBuckets('l', [], 100, 9_950), [
    { first: 0, end: 50 },
    { first: 9_950, end: 10_000 },
  ]);
  const held = [{ experimentKey: 'a', buckets: [{ first: 10, end: 20 }] }];
  assert.deepEqual(reserveBuckets('l', held, 15, 5), [
    { first: 5, end: 10 },
    { first: 20, end: 30 },
  ]);
  assert.deepEqual(reserveBuckets('l', held, 9_990, 5_000), [
    { first: 0, end: 10 },
    { first: 20, end: 10_000 },
  ]);
});

test('a full layer is refused, naming who holds it', () => {
  const held = [
    { experimentKey: 'b', buckets: [{ first: 0, end: 5_000 }] },
    { experimentKey: 'a', buckets: [{ first: 5_000, end: 9_000 }] },
  ];
  assert.throws(
    () => reserveBuckets('payments', held, 1_001, 0),
    (error) =>
      error instanceof ConflictError &&
      error.message.startsWith(
        'layer payments has only 10 % of its traffic free, but 10.01 % is wanted; it is held by a (40 %), b (50 %)',
      ),
  );
});

test('experiments that come and go never share a bucket, and get exactly what they want', () => {
  const request = fc.record({
    count: fc.integer({ min: 1, max: 4_000 }),
    startAt: fc.integer({ min: 0, max: BUCKETS - 1 }),
    leavesBefore: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), (requests) => {
      const held: { experimentKey: string; buckets: BucketRange[] }[] = [];
      for (const [index, { count, startAt, leavesBefore }] of requests.entries()) {
        if (leavesBefore) held.shift();
        const free = BUCKETS - held.reduce((total, { buckets }) => total + countBuckets(buckets), 0);
        const reserve = (): BucketRange[] => reserveBuckets('layer', held, count, startAt);
        if (count > free) {
          assert.throws(reserve, ConflictError);
          continue;
        }
        const buckets = reserve();
        assert.equal(countBuckets(buckets), count);
        held.push({ experimentKey: `e${index}`, buckets });
        const all = bucketsOf(held.flatMap((holder) => holder.buckets));
        assert.equal(new Set(all).size, all.length);
        assert.ok(all.every((bucket) => bucket >= 0 && bucket < BUCKETS));
      }
    }),
    { numRuns: 50 },
  );
});

test('subtracting leaves exactly the buckets that were not taken', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 }))
    .map(([first, count]) => ({ first, end: first + count }));
  fc.assert(
    fc.property(fc.array(range), fc.array(range), (written, taken) => {
      const ranges = subtract([{ first: 0, end: 80 }], written);
      const expected = bucketsOf(ranges).filter((bucket) => !bucketsOf(taken).includes(bucket));
      assert.deepEqual(bucketsOf(subtract(ranges, taken)), expected);
    }),
  );
});
