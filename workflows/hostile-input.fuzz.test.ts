import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { isRecord, readActor, readInput } from './experiment-input.ts';
import { exampleDefinition, exampleScorecard } from './testing/examples.ts';
import {
  startExperiment,
  startTimeSkippingEnvironment,
  until,
  whyNoTimeSkipping,
  withBench,
} from './testing/time-skipping.ts';

const SEED = 20_260_403;
const skip = await whyNoTimeSkipping(process.env['CI'] === 'true');

/** Objects that are nearly right, and anything that JSON can carry. */
const actor = fc.oneof(
  fc.jsonValue(),
  fc.record({ name: fc.jsonValue(), reason: fc.jsonValue() }, { requiredKeys: [] }),
);
const message = fc.oneof(
  fc.jsonValue(),
  fc.record({ actor, stage: fc.jsonValue(), variant: fc.jsonValue(), killId: fc.jsonValue() }, { requiredKeys: [] }),
);

test('thousands of malformed inputs end in a sentence', () => {
  const input = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        experiment: fc.oneof(fc.jsonValue(), fc.string()),
        actor,
        continueAfterEvents: fc.jsonValue(),
        carried: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  let refused = 0;
  fc.assert(
    fc.property(input, (value) => {
      try {
        assert.match(readInput(value, false).experiment, /^[a-z0-9][a-z0-9_.-]{0,99}$/i);
      } catch (error) {
        assert.ok(error instanceof ApplicationFailure, String(error));
        assert.equal(error.type, 'InvalidInputError');
        assert.ok(error.nonRetryable === true && error.message.endsWith('.'), error.message);
        refused += 1;
      }
    }),
    { numRuns: 5_000, seed: SEED },
  );
  assert.ok(refused > 4_000, `only ${refused} were refused`);
});

void describe('malformed messages to a running experiment', { skip }, () => {
  let environment: TestWorkflowEnvironment;
  before(async () => {
    environment = await startTimeSkippingEnvironment();
  });
  after(async () => {
    await environment.teardown();
  });

  void test('are refused with a sentence or ignored, and it goes on as if they had not come', async () => {
    const definitions = [exampleDefinition({ key: 'hostile' })];
    const judge = (experimentKey: string) => Promise.resolve(exampleScorecard('keep-running', { experimentKey }));
    await withBench(environment, { definitions, judge }, async (bench) => {
      const handle = await startExperiment(environment, bench, { experiment: 'hostile' });
      await until(handle, ({ stage }) => stage === 1);
      const updates = ['approve', 'pause', 'resume', 'ramp', 'kill', 'ship', 'rollBack'];
      for (const [index, malformed] of fc.sample(message, { numRuns: 140, seed: SEED }).entries()) {
        if (namesActor(malformed)) continue;
        await handle.signal('killed', malformed);
        const update = updates[index % updates.length] ?? '';
        await assert.rejects(handle.executeUpdate(update, { args: [malformed] }), (error: unknown) => {
          assert.ok(error instanceof WorkflowUpdateFailedError, `${update}: ${String(error)}`);
          assert.ok(error.cause instanceof ApplicationFailure && /[.:]/.test(error.cause.message));
          return true;
        });
      }
      const view = await until(handle, () => true);
      assert.deepEqual([view.status, view.stage], ['running', 1]);
      await handle.terminate();
    });
  });
});

/** A message that names its actor properly may be carried out. */
function namesActor(value: unknown): boolean {
  try {
    readActor(isRecord(value) ? value['actor'] : undefined);
    return true;
  } catch (error) {
    assert.ok(error instanceof ApplicationFailure);
    return false;
  }
}
