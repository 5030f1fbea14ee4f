import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../parts/free-port.ts';
import { exposureOf, runUmpire, startTestPlatform, type TestPlatform } from './testing/test-platform.ts';

const AT_MS = Date.UTC(2026, 3, 1, 14, 0, 0);

describe('umpire events tail', () => {
  let platform: TestPlatform;

  before(async () => {
    platform = await startTestPlatform();
    const exposures = Array.from({ length: 30 }, (_, n) => exposureOf(`u${n}`, AT_MS + n));
    await platform.eventBus.publish(exposures);
  });
  after(() => platform.stop());

  it('prints the newest events, a line each', async () => {
    const { out, err, exitCode } = await platform.umpire('events', 'tail');
    assert.equal(exitCode, 0, err);
    const lines = out.split('\n');
    assert.equal(lines.length, 10);
    for (const line of lines)
      assert.match(line, /^2026-04-01T14:00:00\.\d{3}Z {2}exposure {2}u\d+ {2}pay_button\/1=on {2}flag_key=/);
  });

  it('prints only what is asked for', async () => {
    const json = await platform.umpire('events', 'tail', '--user', 'u7', '--json');
    assert.equal((JSON.parse(json.out) as { userId: string }).userId, 'u7');
    const none = await platform.umpire('events', 'tail', '--type', 'paid');
    assert.deepEqual([none.out, none.exitCode], ['', 0]);
    assert.equal((await platform.umpire('events', 'tail', '--lines', '100')).out.split('\n').length, 30);
  });

  it('follows what is published, and ends with Ctrl-C', async () => {
    const interruption = new AbortController();
    const seen: string[] = [];
    const followed = runUmpire(['events', 'tail', '--follow', '--lines', '1', '--json'], platform.databaseUrl, {
      signal: interruption.signal,
      onOut: (line) => {
        seen.push((JSON.parse(line) as { userId: string }).userId);
        // The first line shows that the positions are read: what comes now is followed.
        if (seen.length === 1) void platform.eventBus.publish([exposureOf('late', AT_MS)]);
        if (seen.includes('late')) interruption.abort();
      },
    });
    assert.equal((await followed).exitCode, 0);
    assert.equal(seen.length, 2);
    assert.equal(seen[1], 'late');
  });

  it('refuses what it cannot read', async () => {
    const unknown = await runUmpire(['events', 'tail']);
    assert.match(unknown.err, /DATABASE_URL is not set/);
    const wrong = await platform.umpire('events', 'tail', '--database', 'localhost');
    assert.match(wrong.err, /connection string/);
    assert.equal(wrong.exitCode, 2);
    const lines = await platform.umpire('events', 'tail', '--lines', 'all');
    assert.equal(lines.exitCode, 2);
    const url = new URL(platform.databaseUrl);
    url.pathname = '/postgres';
    const other = await platform.umpire('events', 'tail', '--database', url.href);
    assert.match(other.err, /holds no event log/);
    const away = await platform.umpire(
      'events',
      'tail',
      '--database',
      `postgresql://u:p@127.0.0.1:${await freePort()}/x`,
    );
    assert.match(away.err, /PostgreSQL does not answer on 127\.0\.0\.1:\d+\/x/);
    assert.doesNotMatch(away.err, /u:p/);
    assert.equal(away.exitCode, 1);
  });
});
