import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { Event } from '../../event-bus/event.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { outcomes } from './outcomes.ts';

export interface Load {
  /** Resolves once so many more events were acknowledged. */
  acknowledgedMore(count: number): Promise<void>;
  /** Resolves with every acknowledged event. */
  stop(): Promise<readonly Event[]>;
}

/** Several publishers; each publishes a batch until it is acknowledged, and only then the next. */
export function startLoad(bus: EventBus, options: { readonly publishers: number; readonly batchSize: number }): Load {
  const acknowledged: Event[] = [];
  let isRunning = true;
  const publishers = Array.from({ length: options.publishers }, async (_, publisher) => {
    for (let sequence = 0; isRunning; sequence += options.batchSize) {
      const events = outcomes(publisher, sequence, options.batchSize);
      const results = await bus.publish(events);
      assert.ok(results.every(({ status }) => status === 'accepted'));
      acknowledged.push(...events);
      await setTimeout(5);
    }
  });
  return {
    acknowledgedMore: async (count) => {
      const goal = acknowledged.length + count;
      while (acknowledged.length < goal) await Promise.race([setTimeout(5), Promise.all(publishers)]);
    },
    stop: async () => {
      isRunning = false;
      await Promise.all(publishers);
      return acknowledged;
    },
  };
}

/** A batch may be stored twice; its first copies are in order. */
export function assertOrderedByUser(events: readonly Event[]): void {
  const seen = new Set<string>();
  const last = new Map<string | null, number>();
  for (const { eventId, userId, properties } of events) {
    if (seen.has(eventId)) continue;
    seen.add(eventId);
    const sequence = Number(properties['sequence']);
    assert.ok(sequence > (last.get(userId) ?? -1), `user ${userId}: ${sequence} after ${last.get(userId)}`);
    last.set(userId, sequence);
  }
}
