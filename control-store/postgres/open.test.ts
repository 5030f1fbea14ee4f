import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ExperimentStatus } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { ConflictError } from '../port.ts';
import { example } from '../testing/documents.ts';
import { versionsOf, watch } from '../testing/recorded-watcher.ts';
import { actor, startTestStore, type TestStore } from '../testing/test-store.ts';

let bench: TestStore;

before(async () => {
  bench = await startTestStore();
});
after(() => bench.stop());

test('an experiment goes from its definition to its end, each step in a ruleset of its own', async () => {
  const { store, move } = bench;
  const watcher = await watch(store);
  assert.deepEqual(versionsOf(watcher.seen), [1]);
  await bench.put(await example('upi_retry.yaml'));
  assert.equal((await store.getExperiment('upi_retry')).status, 'draft');
  await move('upi_retry', { to: 'awaiting-approval' });
  const started = await move('upi_retry', { to: 'started', definitionVersion: 1 }, 'start');
  assert.equal(started.epoch, 1);
  assert.deepEqual(await move('upi_retry', { to: 'started', definitionVersion: 1 }, 'start'), started);
  await move('upi_retry', { to: 'enrolled', stage: 1, basisPoints: 100 });
  await assert.rejects(move('upi_retry', { to: 'enrolled', stage: 1, basisPoints: 50 }), ConflictError);
  assert.equal((await store.currentRuleset()).experiments[0]?.enrolledBucketCount, 100);
  const { killId } = await bench.kill('experiment', 'upi_retry');
  assert.equal((await store.getExperiment('upi_retry')).isKilled, true);
  assert.equal((await move('upi_retry', { to: 'rolled-back' })).status, 'rolled-back');
  const ruleset = await store.currentRuleset();
  assert.equal(ruleset.experiments[0]?.status, ExperimentStatus.EXPERIMENT_STATUS_ENDED);
  assert.equal(ruleset.kills.length, 1);
  const { ruleset: last } = await watcher.until(await store.revokeKill(killId, actor));
  assert.deepEqual(last, await store.currentRuleset());
  assert.deepEqual(
    versionsOf(watcher.seen),
    Array.from({ length: last.version }, (_, index) => index + 1),
  );
  await watcher.stop();
});

test('the audit tells the whole story', async () => {
  const entries = await bench.store.listAudit({ subject: 'upi_retry', limit: 100 });
  assert.deepEqual(entries.map(({ action }) => action).reverse(), [
    'definition.put',
    'experiment.awaiting-approval',
    'experiment.started',
    'experiment.enrolled',
    'kill',
    'experiment.rolled-back',
    'kill.revoked',
  ]);
  for (const { actor: who, reason } of entries) assert.deepEqual([who, reason], ['asha', 'a test']);
});

test('an experiment that starts again is a new epoch with the newest definition, and ships with a holdback', async () => {
  const { store, move } = bench;
  await bench.put((await example('upi_retry.yaml')).map((document) => ({ ...document, owner: 'wallet' })));
  await move('upi_retry', { to: 'started', definitionVersion: 2 });
  await move('upi_retry', { to: 'enrolled', stage: 4, basisPoints: 5_000 });
  await move('upi_retry', { to: 'shipped', variant: 'treatment', holdbackBasisPoints: 500 });
  const [experiment] = (await store.currentRuleset()).experiments;
  assert.deepEqual(
    [experiment?.epoch, experiment?.status, experiment?.shippedVariant, experiment?.holdbackBasisPoints],
    [2, ExperimentStatus.EXPERIMENT_STATUS_SHIPPED, 'treatment', 500],
  );
  await move('upi_retry', { to: 'holdback-ended' });
  const archived = await move('upi_retry', { to: 'archived' });
  assert.deepEqual([archived.definitionVersion, archived.shippedVariant], [2, 'treatment']);
  assert.equal((await store.currentRuleset()).experiments[0]?.status, ExperimentStatus.EXPERIMENT_STATUS_SHIPPED);
});
