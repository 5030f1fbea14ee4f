import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { OUTCOME_REGISTRY } from './outcomes.ts';

/** A bus that several processes of a test open, each for itself; it fits into an argument. */
export type BusUnderTest =
  | { readonly kind: 'embedded'; readonly url: string }
  | { readonly kind: 'kafka'; readonly address: string; readonly sessionTimeoutMs: number };

export async function openBusUnderTest(bus: BusUnderTest): Promise<EventBus> {
  if (bus.kind === 'embedded') return await openEventLog({ url: bus.url, registry: OUTCOME_REGISTRY });
  const { address, sessionTimeoutMs } = bus;
  return await openKafkaBus({
    brokers: [address],
    registry: OUTCOME_REGISTRY,
    partitionCount: 4,
    sessionTimeoutMs,
    heartbeatMs: 100,
  });
}
