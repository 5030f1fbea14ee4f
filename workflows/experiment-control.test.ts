import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ConflictError, NotFoundError, type Actor } from '../control-store/port.ts';
import { createExperimentWorkflows } from './experiment-client.ts';
import { approve, ship, rollBack } from './experiment-messages.ts';
import { DAY_MS, exampleDefinition, exampleScorecard } from './testing/examples.ts';
import {
  startExperiment,
  startTimeSkippingEnvironment,
  stepsOf,
  until,
  whyNoTimeSkipping,
  withBench,
} from './testing/time-skipping.ts';

const skip = await whyNoTimeSkipping(process.env['CI'] === 'true');
const actor: Actor = { name: 'asha', reason: 'the numbers say so' };
const shipAll = (experimentKey: string) => Promise.resolve(exampleScorecard('ship', { experimentKey }));

void describe('control of experiments', { skip }, () => {
  let environment: TestWorkflowEnvironment;
  beforeEach(async () => {
    environment = await startTimeSkippingEnvironment();
  });
  afterEach(async () => {
    await environment.teardown();
  });

  void test('bad input fails with a sentence', async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /missing or is not one object/],
      ['upi_retry', /is the text "upi_retry"/],
      [['upi_retry'], /not one object/],
      [{}, /does not name an experiment/],
      [{ experiment: 7 }, /does not name an experiment/],
      [{ experiment: 'upi retry' }, /cannot be an experiment's key/],
      [{ experiment: 'x', stage: 3 }, /a field "stage" that means nothing/],
      [{ experiment: 'x', actor: 'asha' }, /Say who does this and why/],
      [{ experiment: 'x', actor: { name: 'asha', reason: ' ' } }, /"actor.reason" must say why/],
      [{ experiment: 'x', continueAfterEvents: 1 }, /whole number of at least 10/],
      [{ experiment: 'nowhere' }, /experiment nowhere is not defined/],
    ];
    await withBench(environment, { definitions: [], judge: shipAll }, async ({ taskQueue }) => {
      for (const [index, [input, sentence]] of cases.entries()) {
        const workflowId = index === cases.length - 1 ? 'experiment/nowhere' : `bad-${index}`;
        const run = environment.client.workflow.execute('experiment', { taskQueue, workflowId, args: [input] });
        await assert.rejects(run, (error: unknown) => {
          assert.ok(error instanceof Error && error.cause instanceof Error);
          assert.match(error.cause.message, sentence);
          return true;
        });
      }
    });
  });

  void test('an experiment started under another id runs once, under its own', async () => {
    const definitions = [exampleDefinition({ key: 'form' })];
    await withBench(environment, { definitions, judge: shipAll }, async (bench) => {
      const { taskQueue } = bench;
      const args = [{ experiment: 'form' }];
      const start = environment.client.workflow.execute('experiment', { taskQueue, workflowId: 'from-a-form', args });
      assert.deepEqual(await start, { runsAs: 'experiment/form' });
      const again = environment.client.workflow.execute('experiment', { taskQueue, workflowId: 'once-more', args });
      await assert.rejects(again, (error: unknown) => {
        assert.ok(error instanceof Error && error.cause instanceof Error);
        return /runs already, as the workflow experiment\/form/.test(error.cause.message);
      });
      await environment.client.workflow.getHandle('experiment/form').result();
    });
  });

  void test('an approval is waited for, taken once, and may be replaced by a withdrawal', async () => {
    const approval = { required: true };
    const definitions = [
      exampleDefinition({ key: 'asked', approval }),
      exampleDefinition({ key: 'withdrawn', approval }),
    ];
    await withBench(environment, { definitions, judge: shipAll }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'asked' });
      await until(handle, ({ status }) => status === 'awaiting-approval');
      await environment.sleep(40 * DAY_MS);
      assert.deepEqual(stepsOf(bench, 'asked'), ['awaiting-approval']);
      await handle.executeUpdate(approve, { args: [{ actor }] });
      await assert.rejects(handle.executeUpdate(approve, { args: [{ actor }] }));
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'asked').slice(0, 3), ['awaiting-approval', 'started', 'enrolled 1']);

      const withdrawn = await startExperiment(environment, bench, { experiment: 'withdrawn' });
      await until(withdrawn, ({ status }) => status === 'awaiting-approval');
      await withdrawn.executeUpdate(rollBack, { args: [{ actor }] });
      await withdrawn.result();
      assert.deepEqual(stepsOf(bench, 'withdrawn'), ['awaiting-approval', 'rolled-back', 'archived']);
    });
  });

  void test('windows hold back every enrolment and ship, but no way back', async () => {
    const startMs = await environment.currentTimeMs();
    const blackouts = [
      { from: new Date(startMs).toISOString(), to: new Date(startMs + 20 * DAY_MS).toISOString(), why: 'the finals' },
    ];
    const { ramp } = exampleDefinition();
    const definitions = ['finals', 'finals2'].map((key) => exampleDefinition({ key, ramp: { ...ramp, blackouts } }));
    await withBench(environment, { definitions, judge: shipAll }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'finals' });
      const view = await until(handle, ({ waitsFor }) => waitsFor === 'window');
      assert.match(view.waitReason, /stage 1 waits: blackout until .*the finals/);
      const asked = await handle.executeUpdate(ship, { args: [{ actor, variant: 'retry' }] });
      assert.deepEqual([asked.status, asked.waitsFor], ['running', 'window']);
      await environment.sleep(5 * DAY_MS);
      assert.deepEqual(stepsOf(bench, 'finals'), ['started']);
      await environment.sleep(16 * DAY_MS);
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'finals'), ['started', 'shipped retry', 'archived']);
    });
    const laterMs = await environment.currentTimeMs();
    const later = [
      { from: new Date(laterMs).toISOString(), to: new Date(laterMs + 20 * DAY_MS).toISOString(), why: 'the finals' },
    ];
    const undone = [exampleDefinition({ key: 'undone', ramp: { ...ramp, blackouts: later } })];
    await withBench(environment, { definitions: undone, judge: shipAll }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'undone' });
      await until(handle, ({ waitsFor }) => waitsFor === 'window');
      await handle.executeUpdate(ship, { args: [{ actor, variant: 'retry' }] });
      await handle.executeUpdate(rollBack, { args: [{ actor }] });
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'undone'), ['started', 'rolled-back', 'archived']);
    });
  });

  void test('a new run goes on where the one before left off', async () => {
    const holdback = { percent: 5, forMs: DAY_MS };
    const definitions = [exampleDefinition({ key: 'long', holdback })];
    await withBench(environment, { definitions, judge: shipAll }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'long', actor, continueAfterEvents: 12 });
      const outcome = await handle.result();
      const { runId } = await environment.client.workflow.getHandle('experiment/long').describe();
      assert.notEqual(runId, handle.firstExecutionRunId);
      assert.deepEqual(stepsOf(bench, 'long'), [
        'started',
        'enrolled 1',
        'enrolled 2',
        'enrolled 3',
        'enrolled 4',
        'shipped retry',
        'holdback-ended',
        'archived',
      ]);
      assert.ok('state' in outcome && outcome.state.timeline.some(({ what }) => what.includes('definition, by asha')));
      assert.equal(bench.store.repeats.length, 0);
    });
  });

  void test('the client speaks in the errors of the port', async () => {
    const definitions = [exampleDefinition({ key: 'client', approval: { required: true } })];
    await withBench(environment, { definitions, judge: shipAll }, async (bench) => {
      const workflows = createExperimentWorkflows(environment.client, { taskQueue: bench.taskQueue });
      await assert.rejects(workflows.pause('client', actor), NotFoundError);
      const kill = {
        killId: 'k',
        target: { kind: 'experiment', key: 'client' },
        actor,
        killedAtMs: 0,
        rulesetVersion: 1,
      } as const;
      await workflows.killed('client', kill);
      assert.equal(await workflows.start('client', actor), 'experiment/client');
      await assert.rejects(workflows.start('client', actor), ConflictError);
      await until(
        environment.client.workflow.getHandle('experiment/client'),
        ({ status }) => status === 'awaiting-approval',
      );
      await assert.rejects(workflows.pause('client', actor), ConflictError);
      await workflows.approve('client', actor);
      await until(environment.client.workflow.getHandle('experiment/client'), ({ stage }) => stage === 1);
      await assert.rejects(workflows.ship('client', 'nonsense', actor), /one of control, retry/);
      await assert.rejects(workflows.ramp('client', 1, actor), RangeError);
      await workflows.pause('client', actor);
      await workflows.resume('client', actor);
      await workflows.ramp('client', 2, actor);
      await workflows.killed('client', kill);
      await environment.client.workflow.getHandle('experiment/client').result();
      assert.equal(stepsOf(bench, 'client').at(-2), 'rolled-back');
      await assert.rejects(workflows.rollBack('client', actor), NotFoundError);
    });
  });
});
