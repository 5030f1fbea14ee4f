import { describe } from 'node:test';
import { describeConsuming } from './contract/consuming.ts';
import { describeErasing } from './contract/erasing.ts';
import { describeGroups } from './contract/groups.ts';
import { describePublishing } from './contract/publishing.ts';
import type { EventBus } from './port.ts';
import type { SchemaRegistry } from './schemas/registry.ts';

/** How the suite opens the adapter under test. */
export interface ContractBusOptions {
  /** Names a log. A name that was not used before is an empty log; opening it again gives another client of the same log. */
  readonly log: string;
  readonly registry: SchemaRegistry;
  readonly partitionCount: number;
}

export type OpenBus = (options: ContractBusOptions) => Promise<EventBus>;

/** What every adapter of the event bus has to do. Call it at the top of a test file, or in a `describe` that starts what is needed. */
export function describeEventBusContract(name: string, openBus: OpenBus): void {
  describe(`event bus contract: ${name}`, { concurrency: false }, () => {
    describePublishing(openBus);
    describeConsuming(openBus);
    describeGroups(openBus);
    describeErasing(openBus);
  });
}
