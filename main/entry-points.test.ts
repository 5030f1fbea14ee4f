import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { forkModule } from '../parts/child-process.ts';

/** What an entry point says on standard error, and how it ends. */
async function run(module: string, environment: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const child = forkModule(import.meta.url, module, [...args], {
    silent: true,
    env: { ...process.env, ...environment },
  });
  assert.ok(child.stderr !== null);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { said, code };
}

for (const module of ['./serve-main', './work-main']) {
  void test(`${module} names every setting that is wrong, and nothing else`, async () => {
    const { said, code } = await run(module, { UMPIRE_LOG_LEVEL: 'loud', TEMPORAL_TLS: 'yes', DATABASE_URL: '' });
    assert.equal(code, 1);
    assert.deepEqual(said.trim().split('\n'), [
      'UMPIRE_LOG_LEVEL must be one of debug, info, warn, error, silent, got "loud"',
      'TEMPORAL_TLS must be true or false, got "yes"',
      'Correct the environment, or unset what has a default.',
    ]);
    const lacking = await run(module, { DATABASE_URL: '', UMPIRE_HTTP_ADDRESS: '127.0.0.1:0' });
    assert.equal(lacking.code, 1);
    assert.match(lacking.said, /^DATABASE_URL is not set; .*\n$/);
  });
}

test('a health check ends with 1 where nothing answers, or not as ready', async () => {
  const server = createServer((_request, response) => response.writeHead(503).end('{}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  assert.equal((await run('./ready-main', { UMPIRE_HTTP_ADDRESS: `0.0.0.0:${port}` })).code, 1);
  const closed = once(server, 'close');
  server.close();
  await closed;
  const { code, said } = await run('./ready-main', { UMPIRE_HTTP_ADDRESS: `0.0.0.0:${port}` });
  assert.equal(code, 1);
  assert.match(said, new RegExp(`^http://127.0.0.1:${port}/readyz: `));
});

test('a codec server without keys, or open to everybody, is not started', async () => {
  const without = await run('../cli/main', { UMPIRE_LOG_LEVEL: 'silent' }, ['codec-server']);
  assert.equal(without.code, 1);
  assert.match(without.said, /there is nothing to decrypt with; set UMPIRE_PAYLOAD_KEYS/);
  const keys = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
  const open = { UMPIRE_PAYLOAD_KEYS: keys, UMPIRE_CODEC_ADDRESS: '0.0.0.0:0', UMPIRE_LOG_LEVEL: 'silent' };
  const { code, said } = await run('../cli/main', open, ['codec-server']);
  assert.equal(code, 1);
  assert.doesNotMatch(said, /nobody foresaw/);
  assert.match(said, /would decrypt for everybody who reaches it; set UMPIRE_CODEC_TOKEN, or listen on 127.0.0.1/);
});
