import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ConflictError, type ControlStore } from '../port.ts';
import { documents, experimentDocuments } from '../testing/documents.ts';
import { versionsOf, watch } from '../testing/recorded-watcher.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';

const PARALLEL = 50;
let bench: TestStore;
let stores: readonly ControlStore[];

before(async () => {
  bench = await startTestStore();
  stores = [bench.store, await bench.another(), await bench.another()];
});
after(() => bench.stop());

/** Does something many times at once, over several stores as over several processes. */
async function race<T>(
  attempt: (store: ControlStore, index: number) => Promise<T>,
): Promise<PromiseSettledResult<T>[]> {
  const attempts = Array.from({ length: PARALLEL }, async (_, index) => {
    const store = stores[index % stores.length];
    assert.ok(store);
    return await attempt(store, index);
  });
  return await Promise.allSettled(attempts);
}

function winners<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  return results.flatMap((result) => {
    if (result.status === 'fulfilled') return [result.value];
    assert.ok(result.reason instanceof ConflictError, String(result.reason));
    return [];
  });
}

/** The ruleset versions that the changes of a subject were published in. */
async function rulesetVersionsOf(subject: string): Promise<number[]> {
  const audit = await bench.store.listAudit({ subject, limit: 10_000 });
  return audit.flatMap(({ detail }) =>
    typeof detail === 'object' && detail !== null && 'rulesetVersion' in detail ? [Number(detail.rulesetVersion)] : [],
  );
}

test('of 50 starts at once exactly one wins', async () => {
  await bench.put(experimentDocuments('raced'));
  const results = await race((store, index) =>
    store.transition({
      experimentKey: 'raced',
      transition: { to: 'started', definitionVersion: 1 },
      actor,
      stepKey: `start ${index}`,
    }),
  );
  const [won, ...others] = winners(results);
  assert.deepEqual(others, []);
  assert.deepEqual(await bench.store.getExperiment('raced'), won);
  assert.equal(won?.epoch, 1);
});

test('of 50 starts with one step key all get the same answer, and one is done', async () => {
  await bench.put(experimentDocuments('retried'));
  const before = await bench.store.currentRuleset();
  const results = winners(
    await race((store) =>
      store.transition({
        experimentKey: 'retried',
        transition: { to: 'started', definitionVersion: 1 },
        actor,
        stepKey: 'start retried',
      }),
    ),
  );
  assert.equal(results.length, PARALLEL);
  for (const result of results) assert.deepEqual(result, results[0]);
  assert.equal((await bench.store.currentRuleset()).version, before.version + 1);
});

test('of 50 changes on one revision exactly one is made', async () => {
  await bench.put(experimentDocuments('compared'));
  const { revision } = await bench.run('compared');
  const results = await race((store, index) =>
    store.transition({
      experimentKey: 'compared',
      transition: { to: 'enrolled', stage: 1, basisPoints: 100 + index },
      actor,
      stepKey: `enrol compared ${index}`,
      expectedRevision: revision,
    }),
  );
  const [won, ...others] = winners(results);
  assert.deepEqual(others, []);
  assert.equal(won?.revision, revision + 1);
  assert.deepEqual(await bench.store.getExperiment('compared'), won);
});

test('of 50 puts on one version exactly one is stored; without a version all are, one after the other', async () => {
  const switchFor = (owner: string): object => ({
    kind: 'flag',
    key: 'contested',
    owner,
    type: 'boolean',
    variants: [{ key: 'control', value: true }],
  });
  const [won, ...others] = winners(
    await race((store, index) =>
      store.putDefinitions(documents(switchFor(`owner ${index}`)), actor, [
        { kind: 'flag', key: 'contested', version: 0 },
      ]),
    ),
  );
  assert.deepEqual(others, []);
  assert.equal(won?.[0]?.version, 1);
  const stored = winners(
    await race((store, index) => store.putDefinitions(documents(switchFor(`again ${index}`)), actor)),
  );
  const versions = stored.map(([only]) => only?.version).sort((a, b) => Number(a) - Number(b));
  assert.deepEqual(
    versions,
    Array.from({ length: PARALLEL }, (_, index) => index + 2),
  );
});

test('exclusive experiments that start at once never share a bucket', async () => {
  const layer = { kind: 'layer', key: 'checkout', owner: 'shop' };
  const keys = Array.from({ length: PARALLEL }, (_, index) => `exclusive_${index}`);
  await bench.put(documents(layer));
  const ramp = { stages: [{ percent: 7, hold: '1h' }] };
  await bench.put(
    keys.flatMap((key, index) => experimentDocuments(key, { layer: 'checkout', ramp }).slice(index === 0 ? 0 : 1)),
  );
  const started = winners(
    await race((store, index) =>
      store.transition({
        experimentKey: keys[index] ?? '',
        transition: { to: 'started', definitionVersion: 1 },
        actor,
        stepKey: `start exclusive ${index}`,
      }),
    ),
  );
  assert.equal(started.length, Math.floor(100 / 7));
  const { experiments } = await bench.store.currentRuleset();
  const buckets = experiments
    .filter(({ layerKey }) => layerKey === 'checkout')
    .flatMap(({ reservedBuckets }) => reservedBuckets)
    .flatMap(({ first, end }) => Array.from({ length: end - first }, (_, index) => first + index));
  assert.equal(buckets.length, started.length * 700);
  assert.equal(new Set(buckets).size, buckets.length);
});

test('kills, revocations, transitions and puts at once lose nothing, and ruleset versions have no gaps', async () => {
  await bench.put(experimentDocuments('busy'));
  await bench.run('busy');
  const before = await bench.store.currentRuleset();
  const watcher = await watch(bench.store);
  const results = await race(async (store, index) => {
    const stepKey = `busy ${index}`;
    if (index % 3 === 0) {
      const kill = await store.kill({ target: { kind: 'experiment', key: 'busy' }, actor, stepKey });
      if (index % 2 === 0) await store.revokeKill(kill.killId, actor);
    } else if (index % 3 === 1) {
      const transition = { to: 'enrolled', stage: 1, basisPoints: 101 + index } as const;
      await store.transition({ experimentKey: 'busy', transition, actor, stepKey });
    } else await store.putDefinitions(experimentDocuments(`busy_${index}`), actor);
  });
  winners(results);
  const { version, kills } = await bench.store.currentRuleset();
  const busyKills = kills.filter(({ target }) => target?.value === 'busy');
  assert.equal(busyKills.length, Array.from({ length: PARALLEL }, (_, i) => i).filter((i) => i % 6 === 3).length);
  await watcher.until(version);
  await watcher.stop();
  assert.deepEqual(
    versionsOf(watcher.seen),
    Array.from({ length: version - before.version + 1 }, (_, index) => before.version + index),
  );
  const versions = await rulesetVersionsOf('busy');
  assert.equal(new Set(versions).size, versions.length);
  const changes = (await bench.store.listAudit({ subject: 'busy', limit: 1_000 })).length - 1;
  assert.equal((await bench.store.getExperiment('busy')).revision, 1 + changes);
});

test('a kill passes all changes that wait', async () => {
  const keys = Array.from({ length: PARALLEL }, (_, index) => `waiting_${index}`);
  await bench.put(keys.flatMap((key, index) => experimentDocuments(key).slice(index === 0 ? 0 : 1)));
  const { version } = await bench.store.currentRuleset();
  const waiting = race((store, index) =>
    store.transition({
      experimentKey: keys[index] ?? '',
      transition: { to: 'started', definitionVersion: 1 },
      actor,
      stepKey: `start waiting ${index}`,
    }),
  );
  const kill = await bench.kill('experiment', 'waiting_49');
  const results = await waiting;
  assert.ok(kill.rulesetVersion < version + PARALLEL / 2, `the kill came at ${kill.rulesetVersion - version}`);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  assert.deepEqual(refused, [
    'ConflictError: experiment waiting_49 is killed and cannot become started; roll it back, or revoke the kill first',
  ]);
});
