import type { BusAddress } from './bus-under-test.ts';
import { openBus } from './open-bus.ts';
import { inBatches, roundOfEvents } from './workload.ts';

const IN_FLIGHT = 8;

/** Publishes rounds of events as the services do: batches, several at once, each waited for. */
const [kind = 'embedded', address = ''] = process.argv.slice(2) as [BusAddress['kind'], string];
const bus = await openBus({ kind, address });

async function publish(round: number, count: number): Promise<void> {
  // Made before the clock starts.
  const batches = inBatches(roundOfEvents(round, count)).values();
  process.send?.({ kind: 'made' });
  await new Promise((resolve) => process.once('message', resolve));
  const worker = async (): Promise<void> => {
    for (const batch of batches) {
      const refused = (await bus.publish(batch)).find(({ status }) => status !== 'accepted');
      if (refused !== undefined) throw new Error(`an event was refused: ${JSON.stringify(refused)}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  process.send?.({ kind: 'published' });
}

process.on('message', (message: { readonly round?: number; readonly count?: number }) => {
  if (message.round !== undefined && message.count !== undefined) void publish(message.round, message.count);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
