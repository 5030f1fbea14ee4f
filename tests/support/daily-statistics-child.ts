import { DAYS, DAYS_BEFORE, ingestedUntil, offsetAfter } from '../../bench/scorecard/workload.ts';
import { createDailyStatistics } from '../../judge/daily-statistics.ts';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb.ts';
import { DAILY_TABLES } from '../../warehouse-sql/daily/tables.ts';
import { questionAfter } from './daily-statistics.ts';

/** Ingests day after day and counts after each, forgets all of it at the end, and begins anew, until it is killed. */
async function main(file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error('usage: daily-statistics-child FILE');
  const warehouse = await openDuckDb({ file, threads: 1 });
  const daily = createDailyStatistics({ warehouse, clock: () => 0 });
  process.send?.('counting');
  for (let day = await ingestedDays(warehouse); ; day += 1) {
    if (day > DAYS) {
      await warehouse.execute(
        ['ingest_offsets', ...DAILY_TABLES.map(({ name }) => name)].map((table) => ({
          sql: `DELETE FROM ${table}`,
          parameters: {},
        })),
      );
      day = -DAYS_BEFORE + 1;
    }
    await warehouse.execute([ingestedUntil(offsetAfter(day - 1))]);
    if (day >= 0) await daily.count([questionAfter(day)]);
  }
}

async function ingestedDays(warehouse: DuckDbWarehouse): Promise<number> {
  const offset = await warehouse.ingestedOffset(0);
  const first = -DAYS_BEFORE + 1;
  return offset === undefined ? first : Number(offset) / offsetAfter(-DAYS_BEFORE) - DAYS_BEFORE;
}

await main(process.argv[2]);
