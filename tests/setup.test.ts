import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StepOutcome } from '../main/setup/step.ts';
import { readConfiguration } from '../main/configuration.ts';
import { runCli } from '../cli/run-cli.ts';
import { freePort } from '../parts/free-port.ts';
import type { PostgresServer } from '../parts/postgres.ts';
import { startTemporal, type TemporalServer } from '../parts/temporal.ts';
import { startTestPostgres } from './support/postgres.ts';

const STEPS = [
  'control store',
  'event bus',
  'live monitor',
  'search attributes of Temporal',
  'schedules of Temporal',
] as const;

describe('umpire setup', { timeout: 120_000 }, () => {
  let postgres: PostgresServer;
  let temporal: TemporalServer;
  before(async () => {
    postgres = await startTestPostgres();
    temporal = await startTemporal();
  });
  after(async () => {
    await temporal.stop();
    await postgres.stop();
  });

  async function setup(args: readonly string[] = [], address = temporal.address) {
    const out: string[] = [];
    const exitCode = await runCli(['setup', '--json', ...args], {
      configuration: readConfiguration({ DATABASE_URL: postgres.url, TEMPORAL_ADDRESS: address }),
      signal: new AbortController().signal,
      out: (line) => out.push(line),
      err: () => undefined,
      clock: Date.now,
      readInput: () => Promise.resolve(''),
    });
    const { isComplete, steps } = JSON.parse(out.join('\n')) as {
      isComplete: boolean;
      steps: readonly StepOutcome[];
    };
    return { exitCode, isComplete, steps, states: Object.fromEntries(steps.map(({ name, state }) => [name, state])) };
  }
  const all = (state: StepOutcome['state']) => Object.fromEntries(STEPS.map((name) => [name, state]));

  test('--check says what is missing, and changes nothing however often it is asked', async () => {
    for (let times = 0; times < 2; times += 1) {
      const { exitCode, isComplete, states, steps } = await setup(['--check']);
      assert.deepEqual(states, all('missing'));
      assert.deepEqual([exitCode, isComplete], [1, false]);
      const details = steps.flatMap((step) => step.details);
      assert.ok(details.includes('search attribute UmpireStage'));
      assert.ok(details.includes('migration 0001_definitions_and_experiments of PostgreSQL'));
    }
  });

  test('where Temporal is away, the rest is made and the reason is told', async () => {
    const { exitCode, states, steps } = await setup([], `127.0.0.1:${await freePort()}`);
    assert.equal(exitCode, 1);
    assert.equal(states['control store'], 'made');
    assert.equal(states['live monitor'], 'made');
    assert.equal(states['search attributes of Temporal'], 'failed');
    assert.match(steps.at(-1)?.details[0] ?? '', /^Temporal at 127.0.0.1:\d+: it does not answer/);
  });

  test('makes what is missing, also when several do so at once, and then finds it all there', async () => {
    const together = await Promise.all([setup(), setup()]);
    for (const { exitCode, steps } of together) assert.equal(exitCode, 0, JSON.stringify(steps));
    for (const args of [[], ['--check']]) {
      const { exitCode, states } = await setup(args);
      assert.deepEqual(states, all('there'));
      assert.equal(exitCode, 0);
    }
  });
});
