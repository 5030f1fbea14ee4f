import { createRegistry } from '../../event-bus/schemas/registry.ts';
import type { Event } from '../../event-bus/event.ts';

/** The event type that these tests publish. */
export const OUTCOME_REGISTRY = createRegistry([
  {
    key: 'deposit_succeeded',
    version: 1,
    properties: { sequence: { type: 'integer', required: true }, amount_paise: { type: 'integer', required: true } },
  },
]);

/** The `sequence`-th event of a publisher; its users' events are in the order of their sequence. */
export function outcome(publisher: number, sequence: number): Event {
  const userId = `p${publisher}-u${sequence % 50}`;
  return {
    eventId: `00000000-0000-4000-8000-${publisher.toString(16).padStart(2, '0')}${sequence.toString(16).padStart(10, '0')}`,
    eventType: 'deposit_succeeded',
    schemaVersion: 1,
    userId,
    anonymousId: null,
    timestampMs: Date.UTC(2026, 3, 1) + sequence,
    serviceName: 'payment',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: { sequence, amount_paise: 10_000 + sequence },
  };
}

export function outcomes(publisher: number, firstSequence: number, count: number): Event[] {
  return Array.from({ length: count }, (_, index) => outcome(publisher, firstSequence + index));
}

/** mulberry32: numbers in [0, 1) that depend on the seed only. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
