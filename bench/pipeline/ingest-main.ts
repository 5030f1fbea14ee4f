import { pino } from 'pino';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { startIngest } from '../../warehouse/ingest.ts';
import type { BusAddress } from './bus-under-test.ts';
import { openBus } from './open-bus.ts';

/** The platform's ingest; told a round, it says how many of its rows can be queried once it has caught up. */
const [kind = 'embedded', address = '', file = ''] = process.argv.slice(2) as [BusAddress['kind'], string, string];
const bus = await openBus({ kind, address });
const warehouse = await openDuckDb({ file });
const ingest = await startIngest({ bus, warehouse, logger: pino({ level: 'warn' }, pino.destination(2)) });
await ingest.caughtUp();

async function countRows(round: number): Promise<void> {
  await ingest.caughtUp();
  const prefix = `${round.toString(16).padStart(8, '0')}-%`;
  const [row] = await warehouse.query<{ rows: number }>({
    sql: 'SELECT COUNT(*) AS rows FROM raw_events WHERE event_id LIKE $prefix',
    parameters: { prefix },
  });
  process.send?.({ kind: 'rows', rows: row?.rows ?? 0 });
}

process.on('message', ({ round }: { readonly round: number }) => void countRows(round));
process.once('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
