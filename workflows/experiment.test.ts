import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Judge } from '../activities/ports.ts';
import type { Actor } from '../control-store/port.ts';
import type { ExperimentDefinition } from '../definitions/experiment.ts';
import type { Verdict } from '../scorecard/scorecard.ts';
import { kill, killed, pause, ramp, resume, rollBack, ship, stateQuery } from './experiment-messages.ts';
import { DAY_MS, exampleDefinition, exampleScorecard } from './testing/examples.ts';
import {
  startExperiment,
  startTimeSkippingEnvironment,
  stepsOf,
  until,
  whyNoTimeSkipping,
  withBench,
  type Bench,
} from './testing/time-skipping.ts';

const skip = await whyNoTimeSkipping(process.env['CI'] === 'true');
const actor: Actor = { name: 'asha', reason: 'the numbers say so' };
const DAY = DAY_MS;

const always =
  (verdict: Verdict): Judge =>
  (experimentKey) =>
    Promise.resolve(exampleScorecard(verdict, { experimentKey }));

void describe('experiment workflow', { skip }, () => {
  let environment: TestWorkflowEnvironment;
  before(async () => {
    environment = await startTimeSkippingEnvironment();
  });
  after(async () => {
    await environment.teardown();
  });

  async function withExperiment(
    key: string,
    judge: Judge,
    changes: Partial<ExperimentDefinition>,
    play: (bench: Bench) => Promise<void>,
  ): Promise<void> {
    await withBench(environment, { definitions: [exampleDefinition({ ...changes, key })], judge }, play);
  }

  /** The whole life of an experiment that nobody touches: its steps, and how long it took by the workflow's clock. */
  async function lifeOf(
    key: string,
    judge: Judge,
    changes: Partial<ExperimentDefinition> = {},
  ): Promise<{ readonly steps: readonly string[]; readonly tookMs: number }> {
    let life: { steps: readonly string[]; tookMs: number } | undefined;
    await withExperiment(key, judge, changes, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: key });
      const outcome = await handle.result();
      assert.ok('state' in outcome);
      const times = outcome.state.timeline.map(({ atMs }) => atMs);
      life = { steps: stepsOf(bench, key), tookMs: Math.max(...times) - Math.min(...times) };
    });
    assert.ok(life !== undefined);
    return life;
  }

  void test('a month of ramp, then ships', async () => {
    const life = await lifeOf('month', always('ship'));
    assert.deepEqual(life.steps, [
      'started',
      'enrolled 1',
      'enrolled 2',
      'enrolled 3',
      'enrolled 4',
      'shipped retry',
      'archived',
    ]);
    assert.equal(Math.floor(life.tookMs / DAY), 28);
  });

  void test('a breach rolls back, a broken split is marked invalid, no answer in time is inconclusive', async () => {
    const harm = await lifeOf('harm', always('do-not-ship'));
    assert.deepEqual(harm.steps, ['started', 'enrolled 1', 'rolled-back', 'archived']);
    const broken = await lifeOf('srm', always('invalid'));
    assert.deepEqual(broken.steps, ['started', 'enrolled 1', 'invalid', 'archived']);
    const dull = await lifeOf('dull', always('keep-running'));
    assert.deepEqual(dull.steps.slice(-2), ['inconclusive', 'archived']);
    assert.equal(Math.floor(dull.tookMs / DAY), 90);
  });

  void test('a pause keeps what is left of the hold', async () => {
    await withExperiment('paused', always('keep-running'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'paused' });
      await until(handle, ({ stage }) => stage === 1);
      await environment.sleep(3 * DAY);
      const paused = await handle.executeUpdate(pause, { args: [{ actor }] });
      assert.deepEqual([paused.status, paused.isPaused, paused.dueAtMs], ['paused', true, null]);
      await environment.sleep(30 * DAY);
      assert.equal((await handle.query(stateQuery)).stage, 1);
      await assert.rejects(handle.executeUpdate(ramp, { args: [{ actor, stage: 2 }] }));
      const resumed = await handle.executeUpdate(resume, { args: [{ actor }] });
      assert.deepEqual([resumed.status, resumed.isPaused], ['running', false]);
      await environment.sleep(3.9 * DAY);
      assert.equal((await handle.query(stateQuery)).stage, 1);
      await environment.sleep(0.2 * DAY);
      await until(handle, ({ stage }) => stage === 2);
      await handle.executeUpdate(rollBack, { args: [{ actor }] });
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'paused'), [
        'started',
        'enrolled 1',
        'paused',
        'resumed',
        'enrolled 2',
        'rolled-back',
        'archived',
      ]);
    });
  });

  void test('a ramp by hand skips the hold and the stages between, and its gates still count', async () => {
    await withExperiment('hasty', always('ship'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'hasty' });
      await until(handle, ({ stage }) => stage === 1);
      await handle.executeUpdate(ramp, { args: [{ actor, stage: 3 }] });
      await until(handle, ({ stage }) => stage === 3);
      for (const stage of [2, 3, 5, 1.5]) {
        await assert.rejects(handle.executeUpdate(ramp, { args: [{ actor, stage }] }));
      }
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'hasty').slice(1, 4), ['enrolled 1', 'enrolled 3', 'enrolled 4']);
    });
    let judgements = 0;
    const harmful: Judge = async (key) => {
      judgements += 1;
      return await always('do-not-ship')(key);
    };
    await withExperiment('stopped', harmful, {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'stopped' });
      await until(handle, ({ stage }) => stage === 1);
      await handle.executeUpdate(ramp, { args: [{ actor, stage: 4 }] });
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'stopped'), ['started', 'enrolled 1', 'rolled-back', 'archived']);
      assert.equal(judgements, 1);
    });
  });

  void test('a kill by update is published, one by the live monitor is not published again', async () => {
    await withExperiment('killed', always('keep-running'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'killed' });
      await until(handle, ({ stage }) => stage === 1);
      const view = await handle.executeUpdate(kill, { args: [{ actor }] });
      assert.equal(view.status, 'rolled-back');
      await handle.result();
      assert.equal(bench.store.kills.length, 1);
    });
    await withExperiment('monitored', always('keep-running'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'monitored' });
      await until(handle, ({ stage }) => stage === 1);
      const target = { kind: 'experiment', key: 'monitored' } as const;
      const { killId } = await bench.store.kill({ target, actor, stepKey: 'monitor-1' });
      await handle.signal(killed, { actor, killId });
      await handle.signal(killed, { actor, killId }).catch((error: unknown) => {
        assert.match(String(error), /completed|not found/i);
      });
      await handle.result();
      assert.equal(bench.store.kills.length, 1);
      assert.deepEqual(stepsOf(bench, 'monitored').slice(-2), ['rolled-back', 'archived']);
    });
  });

  void test('a kill that nobody told the workflow of is found at the gate', async () => {
    await withExperiment('untold', always('ship'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'untold' });
      await until(handle, ({ stage }) => stage === 1);
      await bench.store.kill({ target: { kind: 'experiment', key: 'untold' }, actor, stepKey: 'untold-1' });
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'untold'), ['started', 'enrolled 1', 'rolled-back', 'archived']);
    });
  });

  void test('a ship by hand ends the ramp; a variant that does not exist is refused in words', async () => {
    const says =
      (words: string) =>
      (error: unknown): boolean =>
        error instanceof Error && error.cause instanceof Error && error.cause.message.includes(words);
    await withExperiment('byhand', always('keep-running'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'byhand' });
      await until(handle, ({ stage }) => stage === 1);
      await assert.rejects(
        handle.executeUpdate(ship, { args: [{ actor, variant: 'nonsense' }] }),
        says('one of control, retry'),
      );
      await assert.rejects(
        handle.executeUpdate(ship, { args: [{ actor: { name: '', reason: 'x' }, variant: 'retry' }] }),
        says('actor.name'),
      );
      const view = await handle.executeUpdate(ship, { args: [{ actor, variant: 'retry' }] });
      assert.equal(view.shippedVariant, 'retry');
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'byhand'), ['started', 'enrolled 1', 'shipped retry', 'archived']);
    });
  });

  void test('while the warehouse cannot judge, the ramp stands still and says why', async () => {
    let isDown = true;
    const judge: Judge = async (key) => {
      if (isDown) throw new Error('the warehouse is down');
      return await always('ship')(key);
    };
    await withExperiment('blind', judge, {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'blind' });
      await until(handle, ({ stage }) => stage === 1);
      await environment.sleep(7.1 * DAY);
      const view = await until(handle, ({ judgementProblem }) => judgementProblem !== null);
      assert.deepEqual([view.stage, view.judgementProblem], [1, 'the warehouse is down']);
      isDown = false;
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'blind').slice(1, 4), ['enrolled 1', 'enrolled 2', 'enrolled 3']);
    });
  });

  void test('a holdback ends after its time, or with a kill', async () => {
    const holdback = { percent: 5, forMs: 30 * DAY };
    assert.deepEqual((await lifeOf('held', always('ship'), { holdback })).steps.slice(-3), [
      'shipped retry',
      'holdback-ended',
      'archived',
    ]);
    await withExperiment('regretted', always('ship'), { holdback }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'regretted' });
      await until(handle, ({ stage }) => stage === 1);
      await handle.executeUpdate(ship, { args: [{ actor, variant: 'retry' }] });
      await environment.sleep(3 * DAY);
      await handle.executeUpdate(kill, { args: [{ actor }] });
      await handle.result();
      assert.deepEqual(stepsOf(bench, 'regretted').slice(-3), ['shipped retry', 'rolled-back', 'archived']);
    });
  });

  void test('a cancelled workflow rolls back', async () => {
    await withExperiment('cancelled', always('ship'), {}, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'cancelled' });
      await until(handle, ({ stage }) => stage === 1);
      await handle.cancel();
      await assert.rejects(handle.result(), /cancel/i);
      assert.deepEqual(stepsOf(bench, 'cancelled').slice(-2), ['rolled-back', 'archived']);
    });
  });

  void test('a transition that applied and then failed is not made twice', async () => {
    await withExperiment('stutter', always('ship'), {}, async (bench) => {
      const applied = bench.store.transition;
      let failures = 0;
      bench.store.transition = async (request) => {
        const record = await applied(request);
        failures += 1;
        if (failures % 2 === 1) throw new Error('the connection was lost after the commit');
        return record;
      };
      const handle = await startExperiment(environment, bench, { experiment: 'stutter' });
      await handle.result();
      assert.equal(bench.store.repeats.length, 7);
      assert.deepEqual(stepsOf(bench, 'stutter').length, 7);
    });
  });
});
