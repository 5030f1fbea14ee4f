import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@third-umpire/sdk';
import { openControlStore } from '../control-store/postgres/open.ts';
import type { AuditEntry, ControlStore } from '../control-store/port.ts';
import { parseDefinitions } from '../definitions/parse.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { openControl, type Control } from '../examples/fantasy-league/control.ts';
import { startPlatform, type Platform } from '../main/up.ts';
import { repositoryFile } from '../parts/repository-root.ts';

const EXPERIMENT = `
kind: metric
key: joins
owner: contests
type: count
event: contest_joined
window: 1s
goodDirection: increase
---
kind: experiment
key: ramped
hypothesis: It helps.
owner: contests
variants:
  - { key: control, value: false }
  - { key: treatment, value: true }
metrics: { primary: joins }
ramp:
  stages:
    - { percent: 1, hold: 2s }
    - { percent: 5, hold: 2s }
    - { percent: 25, hold: 2s }
    - { percent: 50, hold: 2s }
runtime: { minimum: 1s, maximum: 1h }
`;

describe('the platform under kill -9', () => {
  let platform: Platform;
  let control: Control;
  let store: ControlStore;
  let dataDirectory: string;

  before(async () => {
    dataDirectory = await mkdtemp(path.join(tmpdir(), 'umpire-platform-'));
    await chmod(dataDirectory, 0o755);
    platform = await startPlatform({
      dataDirectory,
      eventTypesFile: repositoryFile('examples/fantasy-league/event-types.yaml'),
      onProgress: () => undefined,
    });
    control = openControl(platform.grpcAddress, Date.now);
    store = await openControlStore({ url: platform.databaseUrl });
  });
  after(async () => {
    control.close();
    await store.close();
    await platform.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  /** Ends a process of the platform without warning, and waits until another has taken its place. */
  async function killAndAwaitSuccessor(name: string): Promise<void> {
    const idOf = (): number => platform.processes().find((candidate) => candidate.name === name)?.processId ?? -1;
    const before = idOf();
    process.kill(before, 'SIGKILL');
    while (idOf() === before) await delay(50);
  }

  async function auditOf(key: string): Promise<readonly AuditEntry[]> {
    return (await store.listAudit({ subject: key, limit: 200 })).toReversed();
  }

  test(
    'the worker is killed in the middle of a ramp: no stage is skipped or done twice',
    { timeout: 300_000 },
    async () => {
      await store.putDefinitions(parseDefinitions(EXPERIMENT, 'test'), { name: 'test', reason: 'a test' });
      await control.start('ramped');
      const random = seededRandom(3);
      for (let kills = 0; kills < 4; kills += 1) {
        await delay(500 + Math.floor(2_500 * random.uniform()));
        await killAndAwaitSuccessor('work');
      }
      while ((await store.getExperiment('ramped')).stage < 4) await delay(100);
      await killAndAwaitSuccessor('work');
      await control.rollBack('ramped');
      while ((await store.getExperiment('ramped')).status !== 'archived') await delay(100);
      const steps = (await auditOf('ramped')).map(({ action, detail }) => `${action} ${stageOf(detail)}`.trim());
      assert.deepEqual(
        steps.filter((step) => step.startsWith('experiment.enrolled')),
        [1, 2, 3, 4].map((stage) => `experiment.enrolled ${stage}`),
      );
      assert.equal(steps.filter((step) => step.startsWith('experiment.started')).length, 1);
      assert.equal(steps.filter((step) => step.startsWith('experiment.rolled-back')).length, 1);
    },
  );

  test(
    'the services are killed under traffic: decisions go on, and no event is lost',
    { timeout: 240_000 },
    async () => {
      const client = createClient({
        address: platform.grpcAddress,
        serviceName: 'killed-services',
        heartbeatIntervalMs: 200,
        maxBackoffMs: 300,
        onProblem: () => undefined,
      });
      await client.ready();
      let decisions = 0;
      let failures = 0;
      let published = 0;
      const traffic = setInterval(() => {
        for (let i = 0; i < 20; i += 1) {
          const user = `user-${decisions % 500}`;
          decisions += 1;
          if (client.evaluate('ramped', { user }).variant === null) failures += 1;
          if (client.publish({ type: 'contest_viewed', userId: user, properties: { contest: 'tonight' } }))
            published += 1;
        }
      }, 10);
      for (let kills = 0; kills < 3; kills += 1) {
        await delay(700);
        await killAndAwaitSuccessor('serve');
      }
      await delay(500);
      clearInterval(traffic);
      const { undelivered } = await client.close(60_000);
      const { delivered, deadLettered, dropped } = client.statistics().events;
      assert.equal(failures, 0, 'every decision was made');
      assert.equal(undelivered, 0);
      assert.equal(deadLettered, 0);
      assert.equal(dropped, 0);
      assert.equal(delivered, published);
      assert.ok(published > 1_000);
    },
  );
});

function stageOf(detail: unknown): string {
  const text = JSON.stringify(detail);
  return /"stage":(\d+)/.exec(text)?.[1] ?? '';
}
