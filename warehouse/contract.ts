import { describe } from 'node:test';
import { describeAppending } from './contract/appending.ts';
import { describeQuerying } from './contract/querying.ts';
import type { Warehouse } from './port.ts';

/** Opens the warehouse of that name, new and empty where the name was not used before. The one opened before was closed. */
export type OpenWarehouse = (name: string) => Promise<Warehouse>;

/** What every adapter of the warehouse has to do. Call it at the top of a test file, or in a `describe` that starts what is needed. */
export function describeWarehouseContract(name: string, openWarehouse: OpenWarehouse): void {
  describe(`warehouse contract: ${name}`, { concurrency: false }, () => {
    describeAppending(openWarehouse);
    describeQuerying(openWarehouse);
  });
}
