import type { ResultRow } from '../warehouse-sql/results/write-rows.ts';

/** A dead letter, as the event bus gives it. */
export interface RefusedEvent {
  readonly id: bigint;
  readonly reason: string;
  /** The event as it came, as far as it could be read. */
  readonly payload: object;
  /** Ms since 1970 UTC. */
  readonly receivedAtMs: number;
}

const LONGEST = 1_000;

/**
 * What is needed to find out who publishes wrong events. The event itself, with whatever it says of a user, stays in the bus: one place
 * less that an erasure has to reach.
 */
export function deadLetterRow({ id, reason, payload, receivedAtMs }: RefusedEvent): ResultRow {
  return {
    dead_letter_id: id,
    received_at: new Date(receivedAtMs),
    reason: reason.slice(0, LONGEST),
    event_type: textOf(payload, ['eventType', 'event_type', 'type']),
    event_id: textOf(payload, ['eventId', 'event_id']),
    service_name: textOf(payload, ['serviceName', 'service_name']),
  };
}

function textOf(payload: object, names: readonly string[]): string | null {
  const values = names.map((name): unknown => Reflect.get(payload, name));
  const found = values.find((value) => typeof value === 'string');
  return typeof found === 'string' ? found.slice(0, LONGEST) : null;
}
