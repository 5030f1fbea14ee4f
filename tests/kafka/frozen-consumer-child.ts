import type { EventBatch } from '../../event-bus/port.ts';
import { openBusUnderTest, type BusUnderTest } from '../ingest/bus-under-test.ts';

/** What the child asks its parent, who has the warehouse. */
export type FromConsumer =
  | { readonly kind: 'load'; readonly id: number; readonly partition: number }
  | { readonly kind: 'append'; readonly id: number; readonly batch: EventBatch };
export interface ToConsumer {
  readonly id: number;
  readonly offset?: bigint | undefined;
}

/** A consumer whose rows and offsets are elsewhere, in one transaction; it may be stopped in the middle of a batch. */
async function main(underTest: BusUnderTest): Promise<void> {
  const bus = await openBusUnderTest(underTest);
  let questions = 0;
  const waiting = new Map<number, (answer: ToConsumer) => void>();
  process.on('message', (answer: ToConsumer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ask = async (message: Omit<FromConsumer, 'id'>): Promise<ToConsumer> => {
    const id = (questions += 1);
    return await new Promise((resolve) => {
      waiting.set(id, resolve);
      process.send?.({ ...message, id });
    });
  };
  await bus.consume({
    group: 'frozen',
    maxBatchSize: 50,
    offsets: { load: async (partition) => (await ask({ kind: 'load', partition } as FromConsumer)).offset },
    onBatch: async (batch) => {
      await ask({ kind: 'append', batch } as FromConsumer);
    },
  });
}

await main(JSON.parse(process.argv[2] ?? '') as BusUnderTest);
