import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { RulesetServiceClient, type WatchResponse } from '@third-umpire/proto/umpire/flags/v1/ruleset_service';
import { compileRuleset, type CompiledRuleset } from '@third-umpire/sdk';
import { pino } from 'pino';
import type { RulesetListener } from '../published-rulesets.ts';
import { createRulesetService, RULESET_SERVICE } from './service.ts';

const VERSIONS = 300;

/** About 100 kB on the wire, so that a caller who does not read fills his connection after a few versions. */
function rulesetOf(version: number): CompiledRuleset {
  const kill = { killId: 'k', target: { $case: 'flagKey', value: 'page' } as const, reason: 'x'.repeat(100_000) };
  return compileRuleset(Ruleset.fromPartial({ version, kills: [kill] }));
}

/** Publishes at will. */
class TestRulesets {
  current = rulesetOf(1);
  readonly #listeners = new Set<RulesetListener>();

  readonly listen = (listener: RulesetListener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get watched(): number {
    return this.#listeners.size;
  }

  publish(version: number): void {
    this.current = rulesetOf(version);
    for (const listener of this.#listeners) listener(this.current, null);
  }
}

describe('a slow watcher', () => {
  const server = new Server();
  const rulesets = new TestRulesets();
  let client: RulesetServiceClient;

  before(async () => {
    const parts = {
      rulesets,
      logger: pino({ level: 'silent' }),
      clock: () => 0,
      draining: new AbortController().signal,
    };
    server.addService(RULESET_SERVICE, createRulesetService(parts));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    client = new RulesetServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  after(() => {
    client.close();
    server.forceShutdown();
  });

  test('misses versions instead of piling them up, and gets the newest; others get it at once', async () => {
    const slow = client.watch({ knownVersion: 0, clientName: 'slow', heartbeatIntervalMs: 60_000 });
    const fast = client.watch({ knownVersion: 0, clientName: 'fast', heartbeatIntervalMs: 60_000 });
    for (const stream of [slow, fast]) stream.on('error', () => undefined);
    const fastVersions: number[] = [];
    let heard: (() => void) | undefined;
    fast.on('data', (message: WatchResponse) => {
      fastVersions.push(versionOf(message));
      heard?.();
    });
    const fastHas = async (version: number): Promise<void> => {
      while (fastVersions.at(-1) !== version) await new Promise<void>((resolve) => (heard = resolve));
    };
    const firstOfSlow = new Promise<void>((resolve) => slow.once('data', () => resolve()));
    await firstOfSlow;
    slow.pause();
    await fastHas(1);
    for (let version = 2; version <= VERSIONS; version += 1) {
      rulesets.publish(version);
      await fastHas(version);
    }
    assert.equal(fastVersions.length, VERSIONS, 'the fast one missed nothing');
    const slowVersions: number[] = [];
    await new Promise<void>((resolve) => {
      slow.on('data', (message: WatchResponse) => {
        slowVersions.push(versionOf(message));
        if (slowVersions.at(-1) === VERSIONS) resolve();
      });
      slow.resume();
    });
    assert.ok(slowVersions.length < VERSIONS / 2, `${slowVersions.length} of ${VERSIONS} versions waited for him`);
    assert.deepEqual(
      slowVersions,
      slowVersions.toSorted((a, b) => a - b),
      'never an older one after a newer one',
    );
    slow.cancel();
    fast.cancel();
    while (rulesets.watched > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  });
});

function versionOf({ update }: WatchResponse): number {
  assert.equal(update?.$case, 'snapshot');
  return update.value.version;
}
