import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { repositoryFile } from '../parts/repository-root.ts';
import { experimentWorkflowId } from './experiment-input.ts';
import { LIVES } from './testing/lives.ts';
import { workflowBundle } from './worker.ts';

const DIRECTORY = repositoryFile('tests/histories');
const FILES = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));

// Workflows live for months, so a new version of the code goes on with histories that an old one began.
void describe('workflows that an earlier version of the code began', () => {
  void test('every life of an experiment has its history', () => {
    const recorded = FILES.map((file) => file.replace(/\.json$/, ''));
    assert.deepEqual(
      LIVES.map(({ name }) => name).filter((name) => !recorded.includes(name)),
      [],
      'record the missing ones with workflows/testing/record-histories.ts',
    );
  });

  for (const file of FILES) {
    void test(`${file} is replayed without a difference`, async () => {
      await replay(historyIn(file), file);
    });
  }

  void test('a history of other steps is noticed', async () => {
    // The first step that was recorded is another now, as after an incompatible change of the code.
    const text = readFileSync(`${DIRECTORY}/harmful.json`, 'utf8');
    const changed = text.replace(/"activityType":\{"name":"\w+"\}/, '"activityType":{"name":"somethingElse"}');
    assert.notEqual(changed, text);
    await assert.rejects(replay(JSON.parse(changed), 'harmful.json'), DeterminismViolationError);
  });
});

function historyIn(file: string): unknown {
  return JSON.parse(readFileSync(`${DIRECTORY}/${file}`, 'utf8'));
}

async function replay(history: unknown, file: string): Promise<void> {
  // Under another id the workflow would only hand over to the one of its own id.
  const workflowId = experimentWorkflowId(file.replace(/\.json$/, ''));
  await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);
}
