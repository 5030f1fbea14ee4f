import { DAYS, DAYS_BEFORE, ingestedUntil, offsetAfter } from '../../bench/scorecard/workload.ts';
import { createDailyStatistics } from '../../judge/daily-statistics.ts';
import { openDuckDb } from '../../warehouse/duckdb.ts';
import { questionAfter } from './daily-statistics.ts';

/** Ingests day after day and counts after each, until it is killed or done. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('usage: daily-statistics-child FILE');
  const warehouse = await openDuckDb({ file, threads: 1 });
  const daily = createDailyStatistics({ warehouse, clock: () => 0 });
  process.send?.('counting');
  for (let day = await ingestedDays(warehouse); day <= DAYS; day += 1) {
    await warehouse.execute([ingestedUntil(offsetAfter(day - 1))]);
    if (day >= 0) await daily.count([questionAfter(day)]);
  }
  await warehouse.close();
  process.disconnect();
}

async function ingestedDays(warehouse: Awaited<ReturnType<typeof openDuckDb>>): Promise<number> {
  const offset = await warehouse.ingestedOffset(0);
  return offset === undefined ? -DAYS_BEFORE : Number(offset) / offsetAfter(-DAYS_BEFORE) - DAYS_BEFORE;
}

await main(process.argv[2]);
