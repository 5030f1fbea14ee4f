import assert from 'node:assert/strict';
import test from 'node:test';
import pg from 'pg';
import { startTestPostgres } from '../tests/support/postgres.ts';

test('starts a server that answers, creates databases and knows its process', async () => {
  const server = await startTestPostgres();
  try {
    const client = new pg.Client(await server.createDatabase('other'));
    await client.connect();
    const answer = await client.query('select current_database() as name');
    await client.end();
    assert.equal(answer.rows[0].name, 'other');
    process.kill(await server.processId(), 0);
  } finally {
    await server.stop();
  }
});
