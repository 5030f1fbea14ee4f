import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { documents, experimentDocuments } from '../control-store/testing/documents.ts';
import type { ControlStore } from '../control-store/port.ts';
import { openControlStore } from '../control-store/postgres/open.ts';
import { freePort } from '../parts/free-port.ts';
import { startPostgres, type PostgresServer } from '../parts/postgres.ts';

const actor = { name: 'asha', reason: 'a test' };
const logger = { warn: () => undefined };
/** Acknowledged changes of each kind between one restart and the next. */
const CHANGES_BETWEEN_RESTARTS = 10;

/** A PostgreSQL that can be restarted on its data, in an orderly way or not. */
async function startRestartable(): Promise<{
  readonly url: string;
  restart(how: 'orderly' | 'killed'): Promise<void>;
  stop(): Promise<void>;
}> {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-restart-'));
  await chmod(directory, 0o755);
  const options = { dataDirectory: path.join(directory, 'data'), port: await freePort() };
  let server = await startPostgres(options);
  return {
    url: server.url,
    restart: async (how) => {
      if (how === 'orderly') await server.stop();
      else await kill(server);
      server = await startPostgres(options);
    },
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function kill(server: PostgresServer): Promise<void> {
  process.kill(server.processId, 'SIGKILL');
  // It is dead already; this waits for it.
  await server.stop();
}

/** Does something until it is acknowledged, as a retried activity does. */
async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      assert.ok(error instanceof Error && !['ConflictError', 'NotFoundError'].includes(error.name), String(error));
      await delay(50);
    }
  }
}

/** Everything that the store acknowledged. */
class Ledger {
  readonly kills: string[] = [];
  readonly owners: string[] = [];
  readonly enrolments: number[] = [];
  readonly links: [user: string, device: string][] = [];
  readonly news = new EventEmitter();
  isOver = false;

  get fewest(): number {
    return Math.min(this.kills.length, this.owners.length, this.enrolments.length, this.links.length);
  }

  async reaches(count: number): Promise<void> {
    while (this.fewest < count) await once(this.news, 'change');
  }
}

const switchOf = (owner: string): ReturnType<typeof documents> =>
  documents({ kind: 'flag', key: 'switch', owner, type: 'boolean', variants: [{ key: 'control', value: true }] });

/** Four writers at once; each goes on to its next change when the last one is acknowledged. */
function write(store: ControlStore, ledger: Ledger): Promise<unknown> {
  const repeat = async (change: (index: number) => Promise<void>): Promise<void> => {
    for (let index = 1; !ledger.isOver; index++) {
      await change(index);
      ledger.news.emit('change');
    }
  };
  return Promise.all([
    repeat(async (index) => {
      const target = { kind: 'flag', key: 'switch' } as const;
      const killed = await untilDone(() => store.kill({ target, actor, stepKey: `kill ${index}` }));
      ledger.kills.push(killed.killId);
    }),
    repeat(async (index) => {
      const [stored] = await untilDone(() => store.putDefinitions(switchOf(`owner ${index}`), actor));
      assert.equal(stored?.version, index + 1);
      ledger.owners.push(`owner ${index}`);
    }),
    repeat(async (index) => {
      const transition = { to: 'enrolled', stage: 1, basisPoints: index } as const;
      const step = { experimentKey: 'ramped', transition, actor, stepKey: `enrol ${index}` };
      ledger.enrolments.push((await untilDone(() => store.transition(step))).enrolledBasisPoints);
    }),
    repeat(async (index) => {
      const link = [`user ${index}`, `device ${index}`] as [string, string];
      await untilDone(() => store.linkIdentity(...link));
      ledger.links.push(link);
    }),
  ]);
}

test('PostgreSQL restarts under writers and watchers: nothing acknowledged is lost, nothing is done twice', async () => {
  const postgres = await startRestartable();
  const [store, elsewhere] = [
    await openControlStore({ url: postgres.url, logger }),
    await openControlStore({ url: postgres.url, logger }),
  ];
  await store.putDefinitions([...switchOf('first'), ...experimentDocuments('ramped')], actor);
  await store.transition({
    experimentKey: 'ramped',
    transition: { to: 'started', definitionVersion: 1 },
    actor,
    stepKey: 'start',
  });
  const seen: number[] = [];
  const ledger = new Ledger();
  const stopWatching = await elsewhere.watchRulesets(({ version }) => {
    seen.push(version);
    ledger.news.emit('ruleset');
  });
  const writing = write(store, ledger);
  for (const how of ['orderly', 'killed', 'orderly', 'killed'] as const) {
    await ledger.reaches(ledger.fewest + CHANGES_BETWEEN_RESTARTS);
    await postgres.restart(how);
  }
  await ledger.reaches(ledger.fewest + CHANGES_BETWEEN_RESTARTS);
  ledger.isOver = true;
  await writing;

  const ruleset = await store.currentRuleset();
  assert.deepEqual(ruleset.kills.map(({ killId }) => killId).sort(), ledger.kills.toSorted());
  const versions = await Promise.all(ledger.owners.map((_, index) => store.getDefinition('flag', 'switch', index + 2)));
  assert.deepEqual(
    versions.map(({ definition }) => definition.owner),
    ledger.owners,
  );
  assert.equal((await store.getExperiment('ramped')).enrolledBasisPoints, ledger.enrolments.at(-1));
  for (const [user, device] of ledger.links) assert.equal(await store.linkedDevice(user), device);
  const audit = await store.listAudit({ limit: 100_000 });
  const count = (action: string): number => audit.filter((entry) => entry.action === action).length;
  assert.deepEqual(
    [count('kill'), count('experiment.enrolled'), count('definition.put')],
    [ledger.kills.length, ledger.enrolments.length, ledger.owners.length + 3],
  );
  while (seen.at(-1) !== ruleset.version) await once(ledger.news, 'ruleset');
  assert.deepEqual(
    seen,
    seen.map((_, index) => (seen[0] ?? 0) + index),
  );
  await stopWatching();
  await store.close();
  await elsewhere.close();
  await postgres.stop();
});
