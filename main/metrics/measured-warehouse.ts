import type { Warehouse } from '../../warehouse/port.ts';

export type WarehouseOperation = 'query' | 'execute' | 'append';

/** What became of one kind of work of the warehouse since the process was started. */
export interface WarehouseWork {
  readonly operation: WarehouseOperation;
  readonly done: number;
  readonly failed: number;
  readonly seconds: number;
}

export interface MeasuredWarehouse {
  readonly warehouse: Warehouse;
  statistics(): readonly WarehouseWork[];
  /** Why the newest batch of events could not be appended; `null` where it could. A query may fail for being wrong. */
  appendFailure(): string | null;
}

const MS_A_SECOND = 1_000;

/** The same warehouse, with its work counted and timed. */
export function measureWarehouse(warehouse: Warehouse): MeasuredWarehouse {
  const work = {
    query: { done: 0, failed: 0, seconds: 0 },
    execute: { done: 0, failed: 0, seconds: 0 },
    append: { done: 0, failed: 0, seconds: 0 },
  };
  let appendFailure: string | null = null;
  async function measured<Result>(operation: WarehouseOperation, run: () => Promise<Result>): Promise<Result> {
    const counts = work[operation];
    const startedAt = performance.now();
    try {
      const result = await run();
      counts.done += 1;
      if (operation === 'append') appendFailure = null;
      return result;
    } catch (error) {
      counts.failed += 1;
      if (operation === 'append') appendFailure = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      counts.seconds += (performance.now() - startedAt) / MS_A_SECOND;
    }
  }
  return {
    warehouse: {
      dialectName: warehouse.dialectName,
      ...(warehouse.preferredBatchSize === undefined ? {} : { preferredBatchSize: warehouse.preferredBatchSize }),
      query: (statement) => measured('query', () => warehouse.query(statement)),
      execute: (statements) => measured('execute', () => warehouse.execute(statements)),
      appendEvents: (batch) => measured('append', () => warehouse.appendEvents(batch)),
      ingestedOffset: (partition) => warehouse.ingestedOffset(partition),
      close: () => warehouse.close(),
    },
    statistics: () => [
      { operation: 'query', ...work.query },
      { operation: 'execute', ...work.execute },
      { operation: 'append', ...work.append },
    ],
    appendFailure: () => appendFailure,
  };
}
