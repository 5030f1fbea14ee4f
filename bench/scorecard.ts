import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDailyStatistics, type DailyQuestion, type DailyStatistics } from '../judge/daily-statistics.ts';
import { openDuckDb, type DuckDbWarehouse } from '../warehouse/duckdb.ts';
import { DAILY_TABLES } from '../warehouse-sql/daily/tables.ts';
import { duckDb } from '../warehouse-sql/dialect.ts';
import { scorecardQuery } from '../warehouse-sql/scorecard-queries.ts';
import { median } from './decide/speed.ts';
import type { BenchOptions } from './run.ts';
import {
  bareQuery,
  DAY_MS,
  DAYS,
  DAYS_BEFORE,
  eventsOfDay,
  EXPERIMENT,
  exposuresOfMany,
  ingestedUntil,
  METRICS,
  offsetAfter,
  START_MS,
  type Size,
} from './scorecard/workload.ts';
import { measured, type Measured } from './scorecard/measured.ts';

const FULL: Size = { users: 4_000_000, exposures: 10_000_000, events: 20_000_000 };
const QUICK: Size = { users: 400_000, exposures: 1_000_000, events: 2_000_000 };
/** All ten metrics with covariates, by day and by one segment, against the bare query of one. */
const FULL_BAR = 3;
/** The refresh after one more day, against the full run. */
const REFRESH_BAR = 0.2;
const EXPERIMENTS = 1_000;

interface Bench {
  readonly warehouse: DuckDbWarehouse;
  readonly daily: DailyStatistics;
  readonly size: Size;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/**
 * Scorecards out of raw events: the full run, the refresh after one more day, and a thousand experiments in one pass; beside the bare query in the same
 * run. Rounds take turns, and figures are medians over the rounds.
 */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  const size = quick ? QUICK : FULL;
  const directory = await mkdtemp(path.join(tmpdir(), 'umpire-bench-'));
  const warehouse = await openDuckDb({ file: path.join(directory, 'warehouse.duckdb'), queryConnections: 1 });
  try {
    const daily = createDailyStatistics({ warehouse, clock: () => START_MS + DAYS * DAY_MS });
    const bench: Bench = { warehouse, daily, size, rounds: quick ? 2 : 3, log };
    await generate(bench, -DAYS_BEFORE, DAYS);
    const whole = await fullRuns(bench);
    const refreshed = await refreshes(bench, whole.full.seconds);
    const many = await manyExperiments(bench);
    return { benchmark: 'scorecard', ...size, days: DAYS, metrics: METRICS.length, ...whole, refresh: refreshed, many };
  } finally {
    await warehouse.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function generate({ warehouse, size, log }: Bench, from: number, until: number): Promise<void> {
  for (let day = from; day < until; day += 1) {
    await warehouse.execute([...eventsOfDay(day, size), ingestedUntil(offsetAfter(day))]);
    if (day === from || (day + 1) % 5 === 0) log(`events of day ${day + 1} are written`);
  }
  await warehouse.execute([{ sql: 'CHECKPOINT', parameters: {} }]).catch(() => undefined);
}

/** Ten metrics with covariates by day and by segment, from nothing but raw events, and the bare query before each. */
async function fullRuns(bench: Bench) {
  const { warehouse, daily, rounds, log } = bench;
  const untilMs = START_MS + DAYS * DAY_MS;
  const bare: Measured[] = [];
  const full: Measured[] = [];
  await warehouse.query(bareQuery(untilMs));
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await measured(() => warehouse.query(bareQuery(untilMs))));
    if (round > 0) await forget(warehouse);
    full.push(await measured(() => daily.count([questionOf(DAYS)])));
    log(`round ${round + 1}: bare ${text(bare[round])}, full ${text(full[round])}`);
  }
  await assertSameUnits(bench, untilMs);
  const ratio = seconds(full) / seconds(bare);
  log(`ten metrics take ${ratio.toFixed(2)} times the bare query of one (bar ${FULL_BAR})`);
  return {
    bare: summary(bare),
    full: { ...summary(full), ratioToBare: rounded(ratio), bar: FULL_BAR, isWithinBar: ratio <= FULL_BAR },
  };
}

/** After each of some more days. */
async function refreshes(bench: Bench, fullSeconds: number): Promise<object> {
  const { daily, rounds, log } = bench;
  const runs: Measured[] = [];
  for (let more = 1; more <= rounds; more += 1) {
    await generate({ ...bench, log: () => undefined }, DAYS + more - 1, DAYS + more);
    runs.push(await measured(() => daily.count([questionOf(DAYS + more)])));
    log(`refresh after day ${DAYS + more}: ${text(runs.at(-1))}`);
  }
  const ratio = seconds(runs) / fullSeconds;
  log(`a refresh takes ${ratio.toFixed(3)} of the full run (bar ${REFRESH_BAR})`);
  return { ...summary(runs), ratioToFull: rounded(ratio), bar: REFRESH_BAR, isWithinBar: ratio <= REFRESH_BAR };
}

/** A thousand experiments at once, and some of them one by one, as a query each would take. */
async function manyExperiments({ warehouse, daily, size, log }: Bench): Promise<object> {
  const unitsEach = Math.round(size.users / 800);
  const last = DAYS + 10;
  await warehouse.execute([exposuresOfMany(EXPERIMENTS, unitsEach, size, last), ingestedUntil(offsetAfter(last))]);
  const questions = Array.from({ length: EXPERIMENTS }, (_, index) => ({
    ...questionOf(DAYS),
    experimentKey: `many-${index}`,
  }));
  let rows = 0;
  const together = await measured(async () => {
    const answers = await daily.count(questions);
    rows = answers.flat().filter(({ part }) => part === 'matured').length;
  });
  if (rows !== EXPERIMENTS * METRICS.length * 2) throw new Error(`${rows} statistics of ${EXPERIMENTS} experiments`);
  const sample = 5;
  const oneByOne = await measured(async () => {
    for (const { experimentKey, epoch, unitType, asOfMs } of questions.slice(0, sample))
      await warehouse.query(scorecardQuery(duckDb, { experimentKey, epoch, unitType, asOfMs }, METRICS));
  });
  const each = (oneByOne.seconds / sample) * EXPERIMENTS;
  log(`${EXPERIMENTS} experiments in one pass: ${text(together)}; a query each would take ${each.toFixed(0)} s`);
  return {
    experiments: EXPERIMENTS,
    unitsEach,
    ...together,
    aQueryEachSeconds: rounded(each),
    timesFaster: rounded(each / together.seconds),
  };
}

function questionOf(days: number): DailyQuestion {
  return {
    experimentKey: EXPERIMENT,
    epoch: 1,
    unitType: 'user',
    asOfMs: START_MS + days * DAY_MS,
    metrics: METRICS,
    segments: { attributes: ['os'], metrics: METRICS.map((_, index) => index) },
  };
}

async function forget(warehouse: DuckDbWarehouse): Promise<void> {
  await warehouse.execute(DAILY_TABLES.map(({ name }) => ({ sql: `DELETE FROM ${name}`, parameters: {} })));
}

/** A speed says nothing where the numbers are others. */
async function assertSameUnits({ warehouse, daily }: Bench, untilMs: number): Promise<void> {
  const bare = await warehouse.query<{ readonly variant: string; readonly units: number }>(bareQuery(untilMs));
  const [rows = []] = await daily.count([questionOf(DAYS)]);
  for (const { variant, units } of bare) {
    const counted = rows.find((row) => row.part === 'exposed' && row.variant === variant)?.units;
    if (counted !== units) throw new Error(`${variant}: ${counted} units, and ${units} by the bare query`);
  }
}

function seconds(runs: readonly Measured[]): number {
  return median(runs.map((each) => each.seconds));
}

function summary(runs: readonly Measured[]): Measured {
  return { seconds: rounded(seconds(runs)), peakMemoryMb: Math.max(...runs.map(({ peakMemoryMb }) => peakMemoryMb)) };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function text(run: Measured | undefined): string {
  return run === undefined ? 'nothing' : `${run.seconds.toFixed(2)} s, at most ${run.peakMemoryMb} MB`;
}
