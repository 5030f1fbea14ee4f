import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from '@temporalio/worker';
import { repositoryFile } from '../parts/repository-root.ts';
import { causalQuestionWorkflowId } from './causal-question.ts';
import { workflowBundle } from './worker.ts';

const DIRECTORY = repositoryFile('tests/histories/causal');
const FILES = readdirSync(DIRECTORY);

// Recorded by tests/causal-question.test.ts with UMPIRE_RECORD_HISTORIES=1.
for (const file of FILES)
  test(`the causal question ${file}, begun by an earlier version, is replayed without a difference`, async () => {
    const history: unknown = JSON.parse(readFileSync(`${DIRECTORY}/${file}`, 'utf8'));
    const workflowId = causalQuestionWorkflowId(file.replace(/\.json$/, ''));
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);
  });

test('there are histories', () => assert.ok(FILES.length >= 2));
