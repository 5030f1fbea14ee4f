import { openEventLog } from '../../event-bus/postgres/event-log.ts';
import type { OpenBus } from './bus-under-test.ts';
import { REGISTRY } from './workload.ts';

/** The bus as the platform opens it. */
export const openBus: OpenBus = async ({ address }) => await openEventLog({ url: address, registry: REGISTRY });
