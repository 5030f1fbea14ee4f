import type { Consumer, EventBatch, EventBus, OffsetSource } from '../port.ts';
import { PartitionHandler, type Poison } from './partition-handler.ts';

export interface ConsumerDefinition {
  readonly bus: EventBus;
  /** Members of one group share the partitions. */
  readonly group: string;
  /**
   * Handles a batch of one partition, in order; batches of several partitions may be handled at the same time. What it throws decides:
   * `UnprocessableEventError`, and what bugs throw (`TypeError`, `RangeError`, `SyntaxError`), is an event's fault; anything else passes.
   * With `offsets`, it stores `batch.nextOffset` in the transaction of its rows, also of a batch without events.
   */
  readonly handle: (batch: EventBatch) => Promise<void>;
  /** Where the positions are, when they are stored with the rows: then every event counts once. Absent: at least once. */
  readonly offsets?: OffsetSource;
  readonly maxBatchSize?: number;
  /** How often a batch fails by an event's fault before that event is looked for. Default 3. */
  readonly attempts?: number;
  /** Told of each failed attempt; it is made again. */
  readonly onFailure?: (error: Error, batch: EventBatch, attempt: number) => void;
  /** Told of each event that went to the dead letters. */
  readonly onDeadLetter?: (poison: Poison) => void;
}

/**
 * Runs a consumer that is one function, `handle`. Positions, rebalances, retries and the end are taken care of: a batch that fails is
 * given again, with backoff, until it succeeds; an event that can never be handled is found by halving its batch, goes to the dead
 * letters with the reason, and the rest goes on, in order.
 */
export async function startConsumer(definition: ConsumerDefinition): Promise<Consumer> {
  const { bus, group, offsets, maxBatchSize, onFailure } = definition;
  const handlers = new Map<number, PartitionHandler>();
  return await bus.consume({
    group,
    ...(offsets === undefined ? {} : { offsets }),
    ...(maxBatchSize === undefined ? {} : { maxBatchSize }),
    ...(onFailure === undefined ? {} : { onError: onFailure }),
    onBatch: async (batch) => {
      const handler = handlers.get(batch.partition) ?? new PartitionHandler(definition);
      handlers.set(batch.partition, handler);
      await handler.handle(batch);
    },
  });
}
