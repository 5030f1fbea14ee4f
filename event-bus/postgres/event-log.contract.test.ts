import { after, before, describe } from 'node:test';
import type { PostgresServer } from '../../parts/postgres.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import { describeEventBusContract } from '../contract.ts';
import { openEventLog } from './event-log.ts';

describe('the embedded log', () => {
  let postgres: PostgresServer;
  const urls = new Map<string, Promise<string>>();
  before(async () => {
    postgres = await startTestPostgres();
  });
  after(() => postgres.stop());

  describeEventBusContract('PostgreSQL', async ({ log, registry, partitionCount }) => {
    const url = urls.get(log) ?? postgres.createDatabase(log);
    urls.set(log, url);
    return await openEventLog({ url: await url, registry, partitionCount });
  });
});
