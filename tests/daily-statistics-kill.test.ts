import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { DAY_MS, DAYS, ingestedUntil, METRICS, offsetAfter, START_MS } from '../bench/scorecard/workload.ts';
import { seededRandom } from '../estimators/seeded-random.ts';
import { createDailyStatistics } from '../judge/daily-statistics.ts';
import { forkModule } from '../parts/child-process.ts';
import { openDuckDb } from '../warehouse/duckdb.ts';
import { duckDb } from '../warehouse-sql/dialect.ts';
import { scorecardQuery } from '../warehouse-sql/scorecard-queries.ts';
import { questionAfter, writeEvents } from './support/daily-statistics.ts';

const KILLS = Number(process.env['UMPIRE_KILLS'] ?? 10);

test('whoever keeps statistics by day may be killed at any moment', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-daily-kill-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'warehouse.duckdb');
  await writeEvents(file);

  const random = seededRandom(20_261_124);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = forkModule(import.meta.url, './support/daily-statistics-child', [file]);
    await once(child, 'message');
    await setTimeout(random.uniform() * 400);
    assert.equal(child.exitCode, null, 'it counts until it is killed');
    await killed(child);
  }

  const warehouse = await openDuckDb({ file });
  t.after(() => warehouse.close());
  await warehouse.execute([ingestedUntil(offsetAfter(DAYS - 1))]);
  const question = questionAfter(DAYS);
  const [kept = []] = await createDailyStatistics({ warehouse, clock: () => START_MS + DAYS * DAY_MS }).count([
    question,
  ]);
  const { experimentKey, epoch, unitType, asOfMs } = question;
  const whole = await warehouse.query(
    scorecardQuery(duckDb, { experimentKey, epoch, unitType, asOfMs }, METRICS, { attributes: ['os'], metric: 0 }),
  );
  const inShort = (rows: readonly object[]): string[] =>
    rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
  // Whole numbers of paise: sums are the same to the last digit, whatever the order.
  assert.deepEqual(inShort(kept), inShort(whole));
});

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
