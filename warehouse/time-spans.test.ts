import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coveringSpans } from './time-spans.ts';

test('times far apart get spans of their own, the widest gaps first', () => {
  assert.deepEqual(coveringSpans([100, 5, 1, 130, 9_000], 3, 20), [
    { earliestMs: 1, latestMs: 5 },
    { earliestMs: 100, latestMs: 130 },
    { earliestMs: 9_000, latestMs: 9_000 },
  ]);
  assert.deepEqual(coveringSpans([100, 5, 1, 130, 9_000], 2, 20), [
    { earliestMs: 1, latestMs: 130 },
    { earliestMs: 9_000, latestMs: 9_000 },
  ]);
  assert.throws(() => coveringSpans([], 2, 20), /needs at least one time/);
});

test('every time is covered, by few spans in order that do not touch', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 10_000 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 8 }),
      (times, maxSpans) => {
        const spans = coveringSpans(times, maxSpans, 50);
        assert.ok(spans.length <= maxSpans);
        assert.ok(
          times.every((time) => spans.some(({ earliestMs, latestMs }) => earliestMs <= time && time <= latestMs)),
        );
        assert.ok(spans.every(({ earliestMs }, index) => earliestMs - (spans[index - 1]?.latestMs ?? -50) >= 50));
      },
    ),
  );
});
