import { openKafkaBus } from '../../event-bus/kafka/kafka-bus.ts';
import type { EventBus } from '../../event-bus/port.ts';
import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import { PARTITIONS, type BusAddress } from './bus-under-test.ts';
import { REGISTRY } from './workload.ts';

/** The bus as the platform opens it. */
export async function openBus({ kind, address }: BusAddress): Promise<EventBus> {
  if (kind === 'kafka')
    return await openKafkaBus({ brokers: [address], partitionCount: PARTITIONS, registry: REGISTRY });
  return await openEventLog({ url: address, registry: REGISTRY });
}
