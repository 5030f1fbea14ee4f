import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { ConflictError, NotFoundError } from '../port.ts';
import { documents, experimentDocuments } from '../testing/documents.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';

let bench: TestStore;
let nowMs = 1_700_000_000_000;

before(async () => {
  bench = await startTestStore({ clock: () => ++nowMs });
});
after(() => bench.stop());

const page = {
  kind: 'flag',
  key: 'page',
  owner: 'shop',
  type: 'boolean',
  variants: [
    { key: 'control', value: false },
    { key: 'treatment', value: true },
  ],
};

test('a kill is in the next ruleset, closes the analysis and says who did it and why', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('killed'));
  const running = await bench.run('killed');
  const before = await store.currentRuleset();
  const kill = await store.kill({
    target: { kind: 'experiment', key: 'killed' },
    actor: { name: 'live monitor', reason: 'deposits fell by 4 %' },
    stepKey: 'breach 1',
  });
  assert.equal(kill.rulesetVersion, before.version + 1);
  const ruleset = await store.currentRuleset();
  assert.equal(ruleset.version, kill.rulesetVersion);
  assert.deepEqual(ruleset.kills, [
    {
      killId: kill.killId,
      target: { $case: 'experimentKey', value: 'killed' },
      reason: 'deposits fell by 4 %',
      actor: 'live monitor',
      killedAt: new Date(kill.killedAtMs),
    },
  ]);
  assert.deepEqual(
    { ...ruleset, version: 0, kills: [], publishedAt: undefined },
    {
      ...before,
      version: 0,
      publishedAt: undefined,
    },
  );
  const record = await store.getExperiment('killed');
  assert.deepEqual(record, {
    ...running,
    isKilled: true,
    analysisClosedAtMs: kill.killedAtMs,
    statusReason: 'killed by live monitor: deposits fell by 4 %',
    revision: running.revision + 1,
  });
  const [entry] = await store.listAudit({ subject: 'killed', limit: 1 });
  assert.deepEqual([entry?.action, entry?.actor, entry?.detail], ['kill', 'live monitor', kill]);
});

test('the ruleset with a kill on top is the one that would be built', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('appended'));
  await bench.run('appended');
  await bench.kill('experiment', 'appended');
  const onTop = await store.currentRuleset();
  // Any change builds all of it again.
  await bench.put(documents({ ...page, key: 'unrelated' }));
  const built = await store.currentRuleset();
  const flags = built.flags.filter(({ key }) => key !== 'unrelated');
  assert.deepEqual({ ...built, flags, version: onTop.version, publishedAt: onTop.publishedAt }, onTop);
  const again = Ruleset.decode(Ruleset.encode(onTop).finish());
  assert.deepEqual(again, onTop);
});

test('the same step key again changes nothing and returns the same kill', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('once'));
  await bench.run('once');
  const [first, ...others] = await Promise.all(
    Array.from({ length: 20 }, () => bench.kill('experiment', 'once', 'kill once')),
  );
  for (const other of others) assert.deepEqual(other, first);
  const { kills } = await store.currentRuleset();
  assert.equal(kills.filter(({ target }) => target?.value === 'once').length, 1);
  await assert.rejects(bench.kill('experiment', 'killed', 'kill once'), /step key kill once was used for/);
});

test('a kill of a flag closes the analysis of every experiment on it', async () => {
  const { store } = bench;
  await bench.put(documents(page));
  for (const key of ['on_page', 'also_on_page']) await bench.put(experimentDocuments(key, { flag: 'page' }));
  await bench.run('on_page');
  const kill = await bench.kill('flag', 'page');
  const running = await store.getExperiment('on_page');
  assert.deepEqual([running.isKilled, running.analysisClosedAtMs], [true, kill.killedAtMs]);
  const draft = await store.getExperiment('also_on_page');
  assert.deepEqual([draft.isKilled, draft.analysisClosedAtMs], [true, null]);
  await assert.rejects(
    bench.move('also_on_page', { to: 'started', definitionVersion: 1 }),
    /also_on_page is killed and cannot become started/,
  );
});

test('what is killed can be rolled back but not enrolled; revoked, it can start a new epoch', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('revoked'));
  await bench.run('revoked');
  const { killId } = await bench.kill('experiment', 'revoked');
  await assert.rejects(bench.move('revoked', { to: 'enrolled', stage: 2, basisPoints: 200 }), ConflictError);
  const version = await store.revokeKill(killId, { name: 'ravi', reason: 'false alarm' });
  assert.equal(await store.revokeKill(killId, actor), version);
  const { kills } = await store.currentRuleset();
  assert.ok(!kills.some((kill) => kill.killId === killId));
  await assert.rejects(
    bench.move('revoked', { to: 'enrolled', stage: 2, basisPoints: 200 }),
    /was killed in epoch 1, whose analysis is closed/,
  );
  await bench.move('revoked', { to: 'rolled-back' });
  const { epoch, analysisClosedAtMs, isKilled } = await bench.run('revoked');
  assert.deepEqual({ epoch, analysisClosedAtMs, isKilled }, { epoch: 2, analysisClosedAtMs: null, isKilled: false });
  const actions = (await store.listAudit({ subject: 'revoked', limit: 20 })).map(({ action }) => action);
  assert.equal(actions.filter((action) => action === 'kill.revoked').length, 1);
});

test('a second kill holds when the first is revoked', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('twice_killed'));
  await bench.run('twice_killed');
  const first = await bench.kill('experiment', 'twice_killed');
  await bench.kill('flag', 'twice_killed');
  await store.revokeKill(first.killId, actor);
  assert.equal((await store.getExperiment('twice_killed')).isKilled, true);
});

test('an experiment that ended keeps its reason when its flag is killed', async () => {
  const { store } = bench;
  await bench.put(experimentDocuments('ended'));
  await bench.run('ended');
  const { statusReason } = await bench.move('ended', { to: 'inconclusive' });
  await bench.kill('flag', 'ended');
  assert.equal((await store.getExperiment('ended')).statusReason, statusReason);
});

test('an experiment cannot move to a flag that is killed', async () => {
  await bench.put(documents({ ...page, key: 'dead_page' }));
  await bench.put(experimentDocuments('mover'));
  await bench.run('mover');
  await bench.move('mover', { to: 'rolled-back' });
  await bench.kill('flag', 'dead_page');
  await bench.put(experimentDocuments('mover', { flag: 'dead_page' }));
  assert.equal((await bench.store.getExperiment('mover')).isKilled, false);
  await assert.rejects(
    bench.move('mover', { to: 'started', definitionVersion: 2 }),
    /experiment mover is killed and cannot become started/,
  );
});

test('what does not exist cannot be killed, and no step or kill is left behind', async () => {
  const { store } = bench;
  const { version } = await store.currentRuleset();
  await assert.rejects(bench.kill('flag', 'nothing', 'kill nothing'), NotFoundError);
  await assert.rejects(bench.kill('experiment', 'page', 'kill nothing'), NotFoundError);
  await assert.rejects(store.revokeKill('nothing', actor), NotFoundError);
  await assert.rejects(bench.kill('flag', 'page', ''), /stepKey: is empty/);
  await assert.rejects(bench.kill('flag', 'pa\0ge'), /target\.key: contains a NUL/);
  assert.equal((await store.currentRuleset()).version, version);
});
