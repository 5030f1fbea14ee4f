import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { OpenBus } from '../contract.ts';
import type { EventBus } from '../port.ts';
import { CONTRACT_REGISTRY } from './sample-events.ts';

export const PARTITION_COUNT = 4;

/** Gives clients of one new log, closed when the test ends. */
export function newLog(t: TestContext, openBus: OpenBus): () => Promise<EventBus> {
  const log = `contract_${randomUUID().replaceAll('-', '')}`;
  return async () => {
    const bus = await openBus({ log, registry: CONTRACT_REGISTRY, partitionCount: PARTITION_COUNT });
    t.after(() => bus.close());
    return bus;
  };
}
