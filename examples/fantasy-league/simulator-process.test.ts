import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { forkModule } from '../../parts/child-process.ts';

test('the services end with the demo that started them, also while they wait for a server that is gone', async () => {
  // Nobody listens on port 1, so the backfill never comes to an end by itself.
  const options = { address: '127.0.0.1:1', seed: 1, users: 50, clients: 1, sessionsPerSecond: 1 };
  const child = forkModule(import.meta.url, './simulator-main', [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'spawn');
  child.disconnect();
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 1);
});
