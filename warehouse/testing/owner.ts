import { openDuckDb } from '../duckdb.ts';
import { batchOf } from './batches.ts';

/** A process that owns a warehouse file until it is killed. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('usage: owner FILE');
  const warehouse = await openDuckDb({ file });
  await warehouse.appendEvents(batchOf(0, 0, 100));
  process.send?.('ready');
}

await main(process.argv[2]);
// The parent's channel keeps the process alive.
process.on('message', () => undefined);
