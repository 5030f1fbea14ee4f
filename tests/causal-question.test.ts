import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import type { CausalReport } from '../causal/report/report.ts';
import { runUmpire } from '../cli/testing/test-platform.ts';
import { openCausalStore } from '../control-store/postgres/causal-questions.ts';
import type { CausalStore } from '../control-store/causal-port.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { parseDefinitions } from '../definitions/parse.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { parseEventTypes } from '../event-bus/schemas/document.ts';
import { createRegistry } from '../event-bus/schemas/registry.ts';
import { openEventLog } from '../event-bus/postgres/event-log.ts';
import { depositFailures } from '../examples/fantasy-league/deposit-failures.ts';
import { startPlatform, type Platform } from '../main/up.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { causalQuestionWorkflowId } from '../workflows/causal-question.ts';
import { workflowBundle } from '../workflows/worker.ts';

const QUESTION = repositoryFile('examples/causal/deposit_failure.yaml');
const EFFECT = -18.7;
/** Each question is disturbed once; UMPIRE_CAUSAL_KILLS asks for more. */
const KILLS = Number(process.env.UMPIRE_CAUSAL_KILLS ?? 4);
const VICTIMS = ['work', 'postgres', 'temporal'] as const;

describe('a causal question of the platform', () => {
  let platform: Platform;
  let questions: CausalStore;
  let dataDirectory: string;
  let undisturbed: CausalReport;

  before(async () => {
    dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-causal-'));
    await chmod(dataDirectory, 0o755);
    platform = await startPlatform({
      dataDirectory,
      eventTypesFile: repositoryFile('examples/fantasy-league/event-types.yaml'),
      onProgress: () => undefined,
    });
    questions = await openCausalStore({ url: platform.databaseUrl, clock: Date.now });
    const store = await openControlStore({ url: platform.databaseUrl });
    const metrics = await readFile(repositoryFile('examples/causal/metrics.yaml'), 'utf8');
    await store.putDefinitions(parseDefinitions(metrics, 'metrics.yaml'), { name: 'test', reason: 'a test' });
    await store.close();
    await publishWorld(platform.databaseUrl);
  });
  after(async () => {
    await questions.close();
    await platform.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  async function asked(id: string): Promise<CausalReport> {
    const { out, err, exitCode } = await runUmpire([
      '--server',
      platform.grpcAddress,
      'ask',
      QUESTION,
      '--id',
      id,
      '--json',
    ]);
    assert.equal(exitCode, 0, err);
    return JSON.parse(out) as CausalReport;
  }

  test('is asked on the command line, answered by a workflow, and the interval holds the truth', async () => {
    undisturbed = await asked('undisturbed');
    assert.equal(undisturbed.status, 'credible', undisturbed.reasons.join('\n'));
    assert.ok(
      undisturbed.effect!.lower < EFFECT && undisturbed.effect!.upper > EFFECT,
      JSON.stringify(undisturbed.effect),
    );
    assert.ok(undisturbed.naive!.upper < EFFECT);
    assert.match(
      undisturbed.finding ?? '',
      /^For units with deposit_failed: wallet_spent over 7 days is Rs 1\d\.\d\d less/,
    );
    assert.deepEqual(
      (await questions.list(10)).map(({ questionId, state }) => [questionId, state]),
      [['undisturbed', 'answered']],
    );
  });

  test('is started by hand in Temporal with the document as its input', async () => {
    const connection = await Connection.connect({ address: platform.temporalAddress });
    const client = new Client({ connection });
    const document = { ...(JSON.parse(JSON.stringify(undisturbed.reproduce.question)) as Record<string, unknown>) };
    assert.ok('treatment' in document);
    const byHand = {
      treatment: { event: 'deposit_failed', within: '10m' },
      outcome: { metric: 'wallet_spent', window: '7d' },
      population: { event: 'deposit_attempted', window: '30d' },
      covariates: ['region', 'network_quality', 'prior_spend_30d', 'prior_joins_30d'],
      method: 'psm',
    };
    const verdict = (await client.workflow.execute('causalQuestion', {
      taskQueue: 'umpire',
      workflowId: 'by-hand',
      args: [byHand],
    })) as { readonly status: string };
    assert.notEqual(verdict.status, 'refused');
    assert.equal((await questions.get('by-hand')).state, 'answered');
    const failed = client.workflow.execute('causalQuestion', {
      taskQueue: 'umpire',
      workflowId: 'bad',
      args: [{ ...byHand, treatment: { event: 'deposit_faild' } }],
    });
    await assert.rejects(failed);
    const { state, detail } = await questions.get('bad');
    assert.equal(state, 'failed');
    assert.match(detail, /no event "deposit_faild".*deposit_failed/);
    await connection.close();
  });

  test(
    'is answered to the last digit while the worker, PostgreSQL and Temporal are killed at random moments',
    { timeout: 900_000 },
    async () => {
      const random = seededRandom(Number(process.env.UMPIRE_SEED ?? 11));
      for (let kill = 0; kill < KILLS; kill += 1) {
        const victim = VICTIMS[Math.floor(random.uniform() * VICTIMS.length)] ?? 'work';
        const id = `disturbed-${kill}`;
        await questionIsTaken(id);
        await delay(Math.floor(2_500 * random.uniform()));
        await killAndAwaitSuccessor(victim);
        const report = await finished(id);
        assert.deepEqual(withoutTimes(report), withoutTimes(undisturbed), `after ${victim} was killed`);
      }
    },
  );

  test('leaves histories that are replayed without a difference', async () => {
    const connection = await Connection.connect({ address: platform.temporalAddress });
    const client = new Client({ connection });
    for (const [name, workflowId] of Object.entries({
      answered: causalQuestionWorkflowId('undisturbed'),
      failed: 'bad',
    })) {
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId);
      if (process.env.UMPIRE_RECORD_HISTORIES === '1')
        await writeFile(
          repositoryFile(`tests/histories/causal/${name}.json`),
          `${withoutMachine(JSON.stringify(JSON.parse(historyToJSON(history))))}\n`,
        );
    }
    await connection.close();
  });

  /** Asked again until it is taken: whoever was killed before may still be starting. */
  async function questionIsTaken(id: string): Promise<void> {
    const ended = new AbortController();
    for (;;) {
      const running = runUmpire(['--server', platform.grpcAddress, 'ask', QUESTION, '--id', id], undefined, {
        signal: ended.signal,
      });
      const first = await Promise.race([running, noted(id)]);
      ended.abort();
      if (first === 'noted') return;
      await delay(250);
    }
  }

  async function noted(id: string): Promise<'noted'> {
    for (;;) {
      const record = await questions.get(id).catch(() => null);
      if (record !== null) return 'noted';
      await delay(50);
    }
  }

  async function finished(id: string): Promise<CausalReport> {
    for (;;) {
      const record = await questions.get(id).catch(() => null);
      if (record !== null && record.state === 'answered') return record.report as CausalReport;
      assert.notEqual(record?.state, 'failed', record?.detail);
      await delay(100);
    }
  }

  async function killAndAwaitSuccessor(name: string): Promise<void> {
    const idOf = (): number => platform.processes().find((candidate) => candidate.name === name)?.processId ?? -1;
    const before = idOf();
    process.kill(before, 'SIGKILL');
    while (idOf() === before) await delay(50);
  }
});

/** Workers sign with the name of their machine, which is nobody's business. */
function withoutMachine(history: string): string {
  return history.replaceAll(/"identity":"[^"]*"/g, '"identity":"worker"');
}

/** Ids and times apart. */
function withoutTimes(report: CausalReport): unknown {
  return { ...report, reproduce: { ...report.reproduce, asOf: '' } };
}

async function publishWorld(databaseUrl: string): Promise<void> {
  const types = repositoryFile('examples/fantasy-league/event-types.yaml');
  const registry = createRegistry(parseEventTypes(await readFile(types, 'utf8'), types));
  const log = await openEventLog({ url: databaseUrl, registry });
  const events = [...depositFailures({ seed: 1, users: 2500, effectRupees: EFFECT, asOfMs: Date.now() })];
  for (let from = 0; from < events.length; from += 2000) {
    const results = await log.publish(events.slice(from, from + 2000));
    assert.ok(
      results.every(({ status }) => status === 'accepted'),
      JSON.stringify(results.find(({ status }) => status !== 'accepted')),
    );
  }
  await log.close();
}
