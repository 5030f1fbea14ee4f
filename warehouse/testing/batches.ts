import type { EventBatch } from '../../event-bus/port.ts';

type BatchEvent = EventBatch['events'][number];

export const NOON_MS = Date.UTC(2026, 3, 1, 12);

/** The event at an offset; its id follows from the offset, if no other is given. */
export function eventAt(offset: number, changes: Partial<BatchEvent> = {}): BatchEvent {
  return {
    eventId: `00000000-0000-4000-8000-${offset.toString(16).padStart(12, '0')}`,
    eventType: 'deposit_succeeded',
    schemaVersion: 1,
    userId: `u${offset % 7}`,
    anonymousId: null,
    timestampMs: NOON_MS + offset,
    serviceName: 'payment',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: { amount_paise: 100 * offset },
    ingestedAtMs: NOON_MS + offset + 500,
    offset: BigInt(offset),
    ...changes,
  };
}

/** The events at offsets [from, to). */
export function batchOf(partition: number, from: number, to: number): EventBatch {
  const events = Array.from({ length: to - from }, (_, index) =>
    eventAt(from + index, {
      eventId: `00000000-0000-4000-800${partition}-${(from + index).toString(16).padStart(12, '0')}`,
    }),
  );
  return { partition, events, nextOffset: BigInt(to) };
}
