import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

test('reads a number and a unit', () => {
  const durations = { '0s': 0, '500ms': 500, '10s': 10_000, '1.5h': 5_400_000, '5m': 300_000, '7d': 604_800_000 };
  for (const [text, durationMs] of Object.entries(durations)) assert.equal(parseDuration(text), durationMs);
});

test('refuses everything else, saying how to write it', () => {
  for (const text of [
    '',
    '5',
    'd',
    '5 d',
    '-5d',
    '5w',
    '1e3s',
    '.5h',
    '5D',
    '٣d',
    '5d ',
    'constructor',
    '5__proto__',
  ]) {
    assert.throws(() => parseDuration(text), /is not a duration; write a number and a unit/);
  }
  assert.throws(() => parseDuration('1.0005s'), /finer than a millisecond/);
  assert.throws(() => parseDuration('3651d'), /longer than ten years/);
  assert.throws(() => parseDuration(`${'9'.repeat(400)}d`), RangeError);
});

test('what is formatted reads back as the same duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_650 * 86_400_000 }), (durationMs) => {
      assert.equal(parseDuration(formatDuration(durationMs)), durationMs);
    }),
  );
  assert.deepEqual([0, 1, 90_000, 5_400_000, 86_400_000].map(formatDuration), ['0s', '1ms', '90s', '90m', '1d']);
});
