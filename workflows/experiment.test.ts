import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { experimentWorkflowId } from './experiment-input.ts';
import { experiment } from './experiment.ts';
import { DAY_MS, exampleDefinition, exampleScorecard } from './testing/examples.ts';
import { startTimeSkippingEnvironment, whyNoTimeSkipping, withBench } from './testing/time-skipping.ts';

const skip = await whyNoTimeSkipping(process.env['CI'] === 'true');

void describe('experiment workflow', { skip }, () => {
  let environment: TestWorkflowEnvironment;
  before(async () => {
    environment = await startTimeSkippingEnvironment();
  });
  after(async () => {
    await environment.teardown();
  });

  void test('a month of ramp, then ships', async () => {
    const definition = exampleDefinition({ key: 'month' });
    await withBench(
      environment,
      { definitions: [definition], judge: (key) => Promise.resolve(exampleScorecard('ship', { experimentKey: key })) },
      async ({ store, taskQueue }) => {
        const startedMs = await environment.currentTimeMs();
        const outcome = await environment.client.workflow.execute(experiment, {
          taskQueue,
          workflowId: experimentWorkflowId('month'),
          args: [{ experiment: 'month' }],
        });
        assert.deepEqual(
          store.applied.map(({ transition }) => transition),
          [
            { to: 'started', definitionVersion: 1 },
            { to: 'enrolled', stage: 1, basisPoints: 100 },
            { to: 'enrolled', stage: 2, basisPoints: 500 },
            { to: 'enrolled', stage: 3, basisPoints: 2_500 },
            { to: 'enrolled', stage: 4, basisPoints: 5_000 },
            { to: 'shipped', variant: 'retry', holdbackBasisPoints: 0 },
            { to: 'archived' },
          ],
        );
        assert.ok('state' in outcome && outcome.state.status === 'archived');
        assert.ok((await environment.currentTimeMs()) - startedMs >= 28 * DAY_MS);
      },
    );
  });
});
