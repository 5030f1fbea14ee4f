import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Ruleset, RulesetDelta } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import pg from 'pg';
import { experimentDocuments } from '../testing/documents.ts';
import { versionsOf, watch } from '../testing/recorded-watcher.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';
import { openControlStore } from './open.ts';

let bench: TestStore;

before(async () => {
  bench = await startTestStore();
  await bench.put(experimentDocuments('watched'));
  await bench.run('watched');
});
after(() => bench.stop());

test('a watcher begins with the current ruleset and gets every later one with its delta', async () => {
  const watcher = await watch(bench.store);
  const { version } = await bench.store.currentRuleset();
  assert.deepEqual(versionsOf(watcher.seen), [version]);
  assert.equal(watcher.seen[0]?.delta, null);
  const kill = await bench.kill('experiment', 'watched');
  const told = await watcher.until(kill.rulesetVersion);
  assert.deepEqual([told.delta?.baseVersion, told.delta?.version], [version, version + 1]);
  assert.deepEqual(
    told.delta?.upserts?.kills.map(({ killId }) => killId),
    [kill.killId],
  );
  const revoked = await bench.store.revokeKill(kill.killId, actor);
  assert.deepEqual((await watcher.until(revoked)).delta?.revokedKillIds, [kill.killId]);
  await watcher.stop();
  await bench.kill('flag', 'watched');
  assert.deepEqual(versionsOf(watcher.seen), [version, version + 1, version + 2]);
});

test('watchers of several processes see the same, in order, and come and go as they like', async () => {
  const other = await bench.another();
  const first = await watch(bench.store);
  const second = await watch(other);
  const third = await watch(other);
  await third.stop();
  let last = 0;
  for (let index = 0; index < 40; index++) last = (await bench.kill('flag', 'watched')).rulesetVersion;
  await Promise.all([first.until(last), second.until(last)]);
  assert.deepEqual(versionsOf(first.seen), versionsOf(second.seen));
  assert.equal(first.seen.length, 41);
  assert.equal(third.seen.length, 1);
  await first.stop();
  await second.stop();
  const again = await watch(other);
  assert.deepEqual(versionsOf(again.seen), [last]);
  await again.stop();
});

test('a watcher that fails does not disturb the others, and is told of', async () => {
  const problems: string[] = [];
  const store = await openControlStore({
    url: bench.server.url,
    logger: { warn: (_details, message) => problems.push(message) },
  });
  const stopBad = await store.watchRulesets(() => {
    throw new Error('cannot take it');
  });
  const good = await watch(store);
  const { rulesetVersion } = await bench.kill('flag', 'watched');
  await good.until(rulesetVersion);
  assert.ok(problems.includes(`control store: a watcher failed on ruleset ${rulesetVersion}`));
  await stopBad();
  await good.stop();
  await store.close();
});

test('a listener whose connection is cut off goes on', async () => {
  const store = await openControlStore({ url: bench.server.url, logger: { warn: () => undefined } });
  const watcher = await watch(store);
  const client = new pg.Client(bench.server.url);
  await client.connect();
  for (let index = 0; index < 3; index++) {
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
    const { rulesetVersion } = await bench.kill('flag', 'watched');
    await watcher.until(rulesetVersion);
  }
  await client.end();
  const versions = versionsOf(watcher.seen);
  assert.deepEqual(
    versions,
    versions.map((_, index) => (versions[0] ?? 0) + index),
  );
  await watcher.stop();
  await store.close();
});

test('a watcher that missed versions which are gone gets the newest, without a delta', async () => {
  const watcher = await watch(bench.store);
  const current = await bench.store.currentRuleset();
  const version = current.version + 2;
  const client = new pg.Client(bench.server.url);
  await client.connect();
  await client.query('insert into umpire_control.rulesets values ($1, now(), $2, $3)', [
    version,
    Buffer.from(Ruleset.encode({ ...current, version }).finish()),
    Buffer.from(RulesetDelta.encode(RulesetDelta.fromPartial({ baseVersion: version - 1, version })).finish()),
  ]);
  await client.query(`select pg_notify('umpire_ruleset', '')`);
  await client.end();
  const told = await watcher.until(version);
  assert.deepEqual([told.ruleset, told.delta], [{ ...current, version }, null]);
  const { rulesetVersion } = await bench.kill('flag', 'watched');
  assert.equal((await watcher.until(rulesetVersion)).delta?.baseVersion, version);
  await watcher.stop();
});

test('from publishing to a watcher in another process takes milliseconds', async (t) => {
  const other = await bench.another();
  const watcher = await watch(other);
  const latenciesMs: number[] = [];
  for (let index = 0; index < 50; index++) {
    const beganMs = performance.now();
    const { rulesetVersion } = await bench.kill('flag', 'watched');
    latenciesMs.push((await watcher.until(rulesetVersion)).atMs - beganMs);
  }
  latenciesMs.sort((a, b) => a - b);
  const [median, worst] = [latenciesMs[25], latenciesMs.at(-1)].map((ms) => ms?.toFixed(1));
  t.diagnostic(`kill called → watcher told: median ${median} ms, worst of 50 ${worst} ms`);
  await watcher.stop();
});
