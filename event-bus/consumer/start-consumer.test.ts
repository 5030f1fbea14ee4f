import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sampleEvent } from '../contract/sample-events.ts';
import type { EventBatch, Rejection } from '../port.ts';
import { PartitionHandler } from './partition-handler.ts';
import { UnprocessableEventError } from './unprocessable-event-error.ts';

/** A batch of one partition whose events have the offsets `from` to `from + size - 1`. */
function batchOf(from: number, size: number): EventBatch {
  const events = Array.from({ length: size }, (_, index) => ({
    ...sampleEvent('user-1', from + index),
    ingestedAtMs: 0,
    offset: BigInt(from + index),
  }));
  return { partition: 0, events, nextOffset: BigInt(from + size) };
}

/** What a consumer with rows and a position in one place does, and the dead letters. */
class Bench {
  readonly rows: number[] = [];
  readonly letters: Rejection[] = [];
  position = 0n;
  calls = 0;
  readonly handler: PartitionHandler;

  constructor(check: (sequence: number, call: number) => void) {
    this.handler = new PartitionHandler({
      group: 'bench',
      bus: { deadLetter: async (rejections: readonly Rejection[]) => void this.letters.push(...rejections) } as never,
      offsets: { load: async () => this.position },
      handle: async (batch) => {
        this.calls += 1;
        const sequences = batch.events
          .filter(({ offset }) => offset >= this.position)
          .map(({ properties }) => Number(properties['sequence']));
        for (const sequence of sequences) check(sequence, this.calls);
        this.rows.push(...sequences);
        if (batch.nextOffset > this.position) this.position = batch.nextOffset;
      },
    });
  }

  /** As the bus does: again until it succeeds, at most `attempts` times. */
  async give(batch: EventBatch, attempts = 20): Promise<boolean> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        await this.handler.handle(batch);
        return true;
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
    return false;
  }

  get lettered(): number[] {
    return this.letters.map(({ payload }) => Number((payload['properties'] as { sequence: number }).sequence));
  }
}

describe('a consumer that is one function', () => {
  test('whichever events can never be handled, they and no others go to the dead letters, and the rest is handled once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.uniqueArray(fc.nat({ max: 59 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 6 }),
        async (size, poisoned, awayAtCalls) => {
          const bench = new Bench((sequence, call) => {
            if (awayAtCalls.includes(call)) throw new Error('the store is away');
            if (poisoned.includes(sequence)) throw new UnprocessableEventError(`no room for ${sequence}`);
          });
          assert.ok(await bench.give(batchOf(0, size)));
          assert.ok(await bench.give(batchOf(size, 5)));
          const all = Array.from({ length: size + 5 }, (_, sequence) => sequence);
          assert.deepEqual(
            bench.rows,
            all.filter((sequence) => !poisoned.includes(sequence)),
          );
          assert.deepEqual(
            bench.lettered,
            all.filter((sequence) => poisoned.includes(sequence)),
          );
          assert.equal(bench.position, BigInt(size + 5));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the letter says who could not handle it, where it is, and why', async () => {
    const bench = new Bench((sequence) => {
      if (sequence === 7) throw new TypeError('properties.amount is undefined');
    });
    await bench.give(batchOf(0, 20));
    assert.equal(
      bench.letters[0]?.reason,
      'event: consumer bench cannot handle it (partition 0, offset 7): properties.amount is undefined',
    );
  });

  test('what may pass is tried again without end and blames no event', async () => {
    const bench = new Bench((_sequence, call) => {
      if (call < 50) throw new Error('the disk is full');
    });
    assert.equal(await bench.give(batchOf(0, 10), 49), false);
    assert.deepEqual([bench.letters, bench.rows], [[], []]);
    assert.ok(await bench.give(batchOf(0, 10)));
    assert.equal(bench.rows.length, 10);
  });

  test('a handler that is broken for every event blames a few and then stands', async () => {
    const bench = new Bench(() => {
      throw new TypeError('the handler has a bug');
    });
    assert.equal(await bench.give(batchOf(0, 100), 200), false);
    assert.equal(bench.letters.length, 10);
  });

  test('a consumer that is set back handles again what it handled before', async () => {
    const bench = new Bench(() => undefined);
    await bench.give(batchOf(0, 10));
    bench.position = 0n;
    await bench.give(batchOf(0, 10));
    assert.equal(bench.rows.length, 20);
  });
});
