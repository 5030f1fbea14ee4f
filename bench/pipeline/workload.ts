import type { Event } from '../../event-bus/event.ts';
import { createRegistry } from '../../event-bus/schemas/registry.ts';

/** What the benchmark publishes: deposits, as a payment service would report them. */
export const REGISTRY = createRegistry([
  {
    key: 'deposit_succeeded',
    version: 1,
    properties: {
      amount_paise: { type: 'integer', required: true },
      provider: { type: 'string', required: true },
      method: { type: 'string', required: true },
      attempt: { type: 'integer', required: true },
      is_first: { type: 'boolean', required: true },
    },
  },
]);

const USERS = 50_000;
const PROVIDERS = ['razorpay', 'cashfree', 'payu'];
const METHODS = ['upi', 'card', 'netbanking', 'wallet'];
const START_MS = Date.UTC(2026, 3, 1, 19, 30);

/** `count` events of a round; no two rounds share an id. */
export function roundOfEvents(round: number, count: number): Event[] {
  return Array.from({ length: count }, (_, index) => eventOf(round, index));
}

function eventOf(round: number, index: number): Event {
  const user = (index * 7_919) % USERS;
  const hex = index.toString(16).padStart(12, '0');
  return {
    eventId: `${round.toString(16).padStart(8, '0')}-0000-7000-8000-${hex}`,
    eventType: 'deposit_succeeded',
    schemaVersion: 1,
    userId: `user-${user}`,
    anonymousId: `device-${user}`,
    timestampMs: START_MS + index,
    serviceName: 'payments',
    experimentKey: null,
    epoch: null,
    variant: null,
    decisionId: null,
    properties: {
      amount_paise: 10_000 + ((index * 31) % 490_000),
      provider: PROVIDERS[index % PROVIDERS.length] ?? '',
      method: METHODS[index % METHODS.length] ?? '',
      attempt: 1 + (index % 3),
      is_first: index % 5 === 0,
    },
  };
}

/** The batches in which everything is sent. */
export const BATCH_SIZE = 1_000;

export function inBatches<T>(items: readonly T[], size = BATCH_SIZE): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size));
  return batches;
}
