import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { ExperimentStatus } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { PostgresServer } from '../../parts/postgres.ts';
import { startTestPostgres } from '../../tests/support/postgres.ts';
import { ConflictError, type ControlStore, type Transition } from '../port.ts';
import { example } from '../testing/documents.ts';
import { openControlStore } from './open.ts';

const actor = { name: 'asha', reason: 'a test' };
let server: PostgresServer;
let store: ControlStore;

before(async () => {
  server = await startTestPostgres();
  store = await openControlStore({ url: server.url });
});
after(async () => {
  await store.close();
  await server.stop();
});

let step = 0;
const move = (experimentKey: string, transition: Transition, stepKey = `step-${step++}`) =>
  store.transition({ experimentKey, transition, actor, stepKey });

test('an experiment goes from its definition to shipping, each step in a ruleset of its own', async () => {
  assert.equal((await store.currentRuleset()).version, 1);
  const seen: number[] = [];
  const stop = await store.watchRulesets((ruleset) => seen.push(ruleset.version));
  await store.putDefinitions(await example('upi_retry.yaml'), actor);
  const draft = await store.getExperiment('upi_retry');
  assert.equal(draft.status, 'draft');
  await move('upi_retry', { to: 'awaiting-approval' });
  const started = await move('upi_retry', { to: 'started', definitionVersion: 1 }, 'start');
  assert.equal(started.epoch, 1);
  assert.deepEqual(await move('upi_retry', { to: 'started', definitionVersion: 1 }, 'start'), started);
  await move('upi_retry', { to: 'enrolled', stage: 1, basisPoints: 100 });
  await assert.rejects(move('upi_retry', { to: 'enrolled', stage: 1, basisPoints: 50 }), ConflictError);
  const [experiment] = (await store.currentRuleset()).experiments;
  assert.equal(experiment?.enrolledBucketCount, 100);
  const kill = await store.kill({ target: { kind: 'experiment', key: 'upi_retry' }, actor, stepKey: 'kill' });
  assert.equal((await store.getExperiment('upi_retry')).isKilled, true);
  const rolledBack = await move('upi_retry', { to: 'rolled-back' });
  assert.equal(rolledBack.status, 'rolled-back');
  const ruleset = await store.currentRuleset();
  assert.equal(ruleset.experiments[0]?.status, ExperimentStatus.EXPERIMENT_STATUS_ENDED);
  assert.equal(ruleset.kills.length, 1);
  const revokedAt = await store.revokeKill(kill.killId, actor);
  assert.equal(await store.revokeKill(kill.killId, actor), revokedAt);
  while (seen.at(-1) !== revokedAt) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(
    seen,
    Array.from({ length: revokedAt }, (_, index) => index + 1),
  );
  await stop();
});
