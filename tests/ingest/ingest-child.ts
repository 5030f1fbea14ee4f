import { pino } from 'pino';
import { startIngest } from '../../warehouse/ingest.ts';
import { openBusUnderTest, type BusUnderTest } from './bus-under-test.ts';
import { openWarehouseUnderTest, type WarehouseUnderTest } from './warehouse-under-test.ts';

/** An ingest process that may be killed at any moment. Says `{ ingested }` as it goes on, and ends in order on `finish`. */
async function main(underTest: BusUnderTest, into: WarehouseUnderTest): Promise<void> {
  const bus = await openBusUnderTest(underTest);
  const warehouse = await openWarehouseUnderTest(into);
  const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'error' }) });
  let told = -1;
  const progress = setInterval(() => {
    const { rows } = ingest.statistics();
    if (rows !== told) process.send?.({ ingested: rows });
    told = rows;
  }, 5);
  process.on('message', (message) => {
    if (message === 'finish') void finish();
  });

  async function finish(): Promise<void> {
    await ingest.caughtUp();
    clearInterval(progress);
    await ingest.stop();
    await bus.close();
    await warehouse.close();
    process.disconnect();
  }
}

const [bus, warehouse] = process.argv.slice(2);
if (bus === undefined || warehouse === undefined) throw new Error('usage: ingest-child BUS WAREHOUSE');
await main(JSON.parse(bus) as BusUnderTest, JSON.parse(warehouse) as WarehouseUnderTest);
