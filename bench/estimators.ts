import { readWithGbstats, whyNoGbstats, type GbstatsRound } from './estimators/gbstats.ts';
import { readRow, type MetricRow } from './estimators/whole-path.ts';
import { createRows } from './estimators/workload.ts';
import type { BenchOptions } from './run.ts';

const ROWS = 2_000;
const SEED = 20_261_123;
/** gbstats takes milliseconds a row. */
const PEER_ROWS = 100;
/** How far the intervals of both may be apart, relative to their width: rounding in sums of squares. */
const AGREEMENT = 1e-8;
/** gbstats' whole path takes at least this many times as long as ours. */
const BAR = 20;

interface Peer {
  readonly round: GbstatsRound;
  readonly wholePathRowMs: number;
  readonly bareTestsRowMs: number;
}

/**
 * Metric × variant rows per second of the whole path, beside gbstats in the same run and on the same rows where Python has it: rounds take
 * turns, and figures are medians over the rounds. Python is the `python3` of the PATH, as an activated environment sets it.
 */
export async function run({ quick, log }: BenchOptions): Promise<object> {
  const rows = createRows(ROWS, SEED);
  const whyNot = await whyNoGbstats();
  const own: number[] = [];
  const peers: Peer[] = [];
  for (let round = 0; round < (quick ? 2 : 7); round += 1) {
    own.push(millisecondsPerRow(rows, quick ? 200 : 1_000));
    if (whyNot === null) peers.push(await peerRound(rows.slice(0, quick ? 20 : PEER_ROWS)));
  }
  const ownRowMs = median(own);
  log('statistics in, CUPED, absolute and relative effect, always-valid intervals; milliseconds a row');
  log(`  third-umpire           ${ownRowMs.toFixed(5)}  ${perSecond(ownRowMs).toLocaleString('en')} rows a second`);
  const figures = { benchmark: 'estimators', rowsPerSecond: perSecond(ownRowMs), millisecondsPerRow: ownRowMs };
  if (whyNot !== null) {
    log(`  NOT COMPARED with gbstats: ${whyNot}`);
    log('  for that: python3 -m venv V && V/bin/pip install gbstats, then . V/bin/activate');
    return { ...figures, gbstats: null, whyNotCompared: whyNot };
  }
  return { ...figures, ...compared(peers, ownRowMs, log) };
}

function compared(peers: readonly Peer[], ownRowMs: number, log: BenchOptions['log']): object {
  const wholePath = median(peers.map(({ wholePathRowMs }) => wholePathRowMs));
  const bareTests = median(peers.map(({ bareTestsRowMs }) => bareTestsRowMs));
  const timesFaster = Math.round(wholePath / ownRowMs);
  log(`  gbstats, whole path    ${wholePath.toFixed(5)}  ${timesFaster} x (the bar is ${BAR} x)`);
  log(`  gbstats, bare tests    ${bareTests.toFixed(5)}  ${Math.round(bareTests / ownRowMs)} x`);
  return {
    gbstats: {
      ...peers[0]?.round.versions,
      wholePathMillisecondsPerRow: wholePath,
      bareTestsMillisecondsPerRow: bareTests,
    },
    timesFaster,
    timesFasterThanBareTests: Math.round(bareTests / ownRowMs),
    bar: BAR,
    isAboveBar: timesFaster >= BAR,
  };
}

async function peerRound(rows: readonly MetricRow[]): Promise<Peer> {
  const round = await readWithGbstats(rows);
  assertAgreement(rows, round);
  return { round, wholePathRowMs: round.wholePathMs / rows.length, bareTestsRowMs: round.bareTestsMs / rows.length };
}

/**
 * A speed says nothing where the numbers are others. Absolute effects only: gbstats divides by control's mean before CUPED, we by the one after.
 *
 * @throws Error where an interval differs
 */
function assertAgreement(rows: readonly MetricRow[], { absolute: theirs }: GbstatsRound): void {
  for (const [index, row] of rows.entries()) {
    const { absolute } = readRow(row);
    const their = theirs[index];
    const apart = Math.max(
      Math.abs(absolute.lower - (their?.lower ?? NaN)),
      Math.abs(absolute.upper - (their?.upper ?? NaN)),
    );
    if (!(apart <= AGREEMENT * (absolute.upper - absolute.lower)))
      throw new Error(
        `row ${index}: ${absolute.lower} to ${absolute.upper} here, ${their?.lower} to ${their?.upper} by gbstats`,
      );
  }
}

/** Over and over all rows, for at least `durationMs`. */
function millisecondsPerRow(rows: readonly MetricRow[], durationMs: number): number {
  let kept = 0;
  let passes = 0;
  const started = performance.now();
  let elapsed = 0;
  while (elapsed < durationMs) {
    for (const row of rows) kept += readRow(row).absolute.pValue;
    passes += 1;
    elapsed = performance.now() - started;
  }
  // Using what was computed keeps the compiler from leaving it out.
  if (!Number.isFinite(kept)) throw new Error('a p-value is not a number');
  return elapsed / (passes * rows.length);
}

function perSecond(rowMs: number): number {
  return Math.round(1_000 / rowMs);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('median: there are no values');
  return middle;
}
