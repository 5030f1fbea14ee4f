import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DemoResult } from '../examples/fantasy-league/result.ts';
import { forkModule } from '../parts/child-process.ts';
import { repositoryFile } from '../parts/repository-root.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { SKIP_KAFKA } from './support/kafka.ts';

const LONGEST_MS = 420_000;

type NswEffects = Readonly<
  Record<'difference' | 'adjusted', Readonly<Record<'estimate' | 'lower' | 'upper' | 'pValue', number>>>
>;

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly story: () => string;
  /** Resolves when the story has come to a text. */
  hears(text: string): Promise<void>;
}

function startDemo(...args: string[]): Run {
  const child = forkModule(import.meta.url, '../examples/fantasy-league/demo-main', args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  let story = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (story += chunk.toString()));
  return {
    child,
    output: () => output,
    story: () => story,
    hears: (text) =>
      new Promise((resolve, reject) => {
        child.stderr?.on('data', () => {
          if (story.includes(text)) resolve();
        });
        child.once('exit', () => reject(new Error(`it ended before "${text}":\n${story}`)));
      }),
  };
}

/** Processes that work on the demo's data, by their command lines. */
function leftovers(): string[] {
  const directory = repositoryFile('.third-umpire/demo');
  const simulator = fileURLToPath(import.meta.resolve('../examples/fantasy-league/simulator-main')).replace(
    /\.\w+$/,
    '',
  );
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((id) => {
      try {
        const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(directory) || command.includes(simulator) ? [command] : [];
      } catch (error) {
        // It ended while we looked.
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return [];
        throw error;
      }
    });
}

/** The National Supported Work experiment equals what scipy and tea-tasting find. */
async function sameAsPeers(nsw: unknown): Promise<void> {
  const golden = JSON.parse(await readFile(repositoryFile('analyze/golden/nsw.json'), 'utf8')) as NswEffects;
  const found = nsw as NswEffects;
  for (const part of ['difference', 'adjusted'] as const) {
    for (const field of ['estimate', 'lower', 'upper', 'pValue'] as const) {
      const [actual, expected] = [found[part][field], golden[part][field]];
      const what = `NSW, ${part}, ${field}: ${actual}, the peers say ${expected}`;
      assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), what);
    }
  }
}

for (const [bus, skip] of [
  ['embedded', false],
  ['kafka', SKIP_KAFKA],
] as const) {
  const title = `the main job over the bus ${bus}: every verdict is right, every hop has every event, the harm is stopped, nothing is left running`;
  test(title, { timeout: LONGEST_MS, skip }, async (context) => {
    const run = startDemo('--bus', bus, '--json');
    const [code] = await once(run.child, 'exit');
    assert.equal(code, 0, run.story());
    const result = JSON.parse(run.output().trim().split('\n').at(-1) ?? '') as DemoResult;
    assert.deepEqual(
      result.experiments.map(({ key, verdict }) => [key, verdict]),
      [
        ['upi_retry', 'ship'],
        ['wallet_prompt', 'rollback'],
        ['contest_card', 'invalid'],
      ],
    );
    const [retry, prompt, card] = result.experiments;
    for (const { key, interval, truth } of [retry, prompt].filter((experiment) => experiment !== undefined)) {
      assert.ok(interval !== null && truth !== null, `${key} has an interval`);
      assert.ok(interval[0] <= truth && truth <= interval[1], `${key}: ${interval.join(' to ')} holds ${truth}`);
    }
    assert.equal(card?.estimate, null);
    assert.equal(card?.interval, null);
    assert.match(card?.reason ?? '', /os is android/);
    await sameAsPeers(result.nsw);
    assertContestPricing(result.contestPricing);
    const { timings, events } = result;
    assert.equal(timings.sdksOnControl, 50);
    assert.ok(timings.breachToLastControlMs !== null && timings.breachToLastControlMs < 5_000);
    assert.equal(events.dropped + events.undelivered, 0);
    assert.equal(events.rows + events.deadLetters, events.published);
    assert.equal(events.rows + events.duplicates, events.inBus);
    assert.equal(events.monitored, events.inBus);
    await assertResultTables();
    context.diagnostic(JSON.stringify(events));
    context.diagnostic(
      `${timings.firstHarmfulExposureToBreachMs} ms to the breach, ${timings.breachToLastControlMs} ms to the last SDK`,
    );
    assert.deepEqual(leftovers(), []);
  });
}

/** The user-level reading promises twice what is true, surely; the switchback's interval holds the truth. */
function assertContestPricing({ truth, userLevel, switchback, refusal }: DemoResult['contestPricing']): void {
  assert.ok(userLevel.interval[0] > 1.8 * truth, `${userLevel.interval.join(' to ')}, the truth is ${truth}`);
  assert.ok(switchback.interval[0] <= truth && truth <= switchback.interval[1], switchback.interval.join(' to '));
  assert.ok(switchback.interval[1] < userLevel.interval[0], 'the two readings exclude each other');
  assert.ok(switchback.randomizationPValue < 0.01);
  assert.match(refusal, /contest_pricing_by_user: interference .*user-level test would be wrong.*switchback/);
}

/** What BI tools find when the evening is over. */
async function assertResultTables(): Promise<void> {
  const warehouse = await openDuckDb({ file: repositoryFile('.third-umpire/demo/warehouse.duckdb') });
  const query = async (sql: string) => await warehouse.query({ sql, parameters: {} });
  try {
    const primary = `SELECT experiment_key, verdict, is_valid, absolute_effect IS NULL AS is_without_effect
      FROM experiment_results WHERE role = 'primary' ORDER BY experiment_key`;
    const rows = await query(primary);
    assert.deepEqual(
      rows.map((row) => row['experiment_key']),
      ['contest_card', 'upi_retry', 'wallet_prompt'],
    );
    assert.deepEqual(rows.slice(0, 2), [
      { experiment_key: 'contest_card', verdict: 'invalid', is_valid: false, is_without_effect: true },
      { experiment_key: 'upi_retry', verdict: 'ship', is_valid: true, is_without_effect: false },
    ]);
    const [wrong] = await query(`
      SELECT COUNT(*) AS days FROM exposures_daily AS daily
      WHERE exposures > (SELECT COUNT(*) FROM raw_events AS event WHERE event_type = 'exposure'
        AND CAST(occurred_at AS DATE) = exposure_date AND event.experiment_key = daily.experiment_key)`);
    assert.equal(wrong?.['days'], 0);
    const [counted] = await query('SELECT COUNT(DISTINCT experiment_key) AS experiments FROM exposures_daily');
    assert.equal(counted?.['experiments'], 3);
  } finally {
    await warehouse.close();
  }
}

test(
  'a second run starts clean; Ctrl-C in the middle of the evening ends every process',
  { timeout: LONGEST_MS },
  async () => {
    const left = repositoryFile('.third-umpire/demo/left-by-a-former-run');
    await mkdir(path.dirname(left), { recursive: true });
    await writeFile(left, '');
    const run = startDemo('--json', '--seed', '5');
    await run.hears('stage 1 of 4');
    assert.ok(!existsSync(left), 'nothing is left of what a former run wrote');
    assert.notDeepEqual(leftovers(), []);
    run.child.kill('SIGINT');
    const [code] = await once(run.child, 'exit');
    assert.equal(code, 130, run.story());
    assert.deepEqual(leftovers(), []);
  },
);

test('wrong options are told, and nothing is started', async () => {
  for (const args of [['--seed', 'eleven'], ['--sed', '5'], ['--bus', 'kafkaesque'], ['extra']]) {
    const run = startDemo(...args);
    const [code] = await once(run.child, 'exit');
    assert.equal(code, 2);
    assert.match(run.story(), /npm run demo -- /);
  }
});
