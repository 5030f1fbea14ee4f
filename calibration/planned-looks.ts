import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { sampleRatio } from '../estimators/sample-ratio.ts';
import { sequentialSampleRatio } from '../estimators/sequential-sample-ratio.ts';
import { spendingBoundaries } from '../estimators/stopping/spending-boundaries.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share, type Share } from './monte-carlo.ts';

export interface GroupSequentialResult {
  readonly spending: 'obrien-fleming' | 'pocock';
  readonly looksAt: readonly number[];
  readonly everCrossed: Share;
}

/** Evenly spaced, and at times that nobody planned. */
const LOOK_TIMES = [
  [0.2, 0.4, 0.6, 0.8, 1],
  [0.07, 0.3, 0.35, 0.81, 1],
] as const;
const UNITS = 1_000;

/** Experiments without an effect, normal outcomes, looked at five times. */
export function simulateGroupSequential({ runs, seed }: Runs): GroupSequentialResult[] {
  const random = seededRandom(seed);
  return (['obrien-fleming', 'pocock'] as const).flatMap((spending) =>
    LOOK_TIMES.map((looksAt) => {
      const boundaries = spendingBoundaries({ spending, alpha: ALPHA, informationFractions: looksAt, isFinal: true });
      let crossed = 0;
      for (let run = 0; run < runs; run += 1) if (crosses(random, looksAt, boundaries)) crossed += 1;
      return { spending, looksAt, everCrossed: share(crossed, runs) };
    }),
  );
}

function crosses(random: SeededRandom, looksAt: readonly number[], boundaries: readonly number[]): boolean {
  let [units, sum] = [0, 0];
  for (const [look, fraction] of looksAt.entries()) {
    const until = Math.round(fraction * UNITS);
    for (; units < until; units += 1) sum += random.normal();
    if (Math.abs(sum) / Math.sqrt(units) >= (boundaries[look] ?? Infinity)) return true;
  }
  return false;
}

export interface SplitResult {
  readonly test: string;
  readonly level: number;
  readonly falseAlarms: Share;
}

const GATE_LEVEL = 0.0005;
const WATCHED_LEVEL = 0.001;
/** What the scorecard's gate promises for both tests together, looked at a hundred times. */
const TOGETHER_LEVEL = 0.01;

/** Units split by 50 : 50, as defined, and the split looked at a hundred times. */
export function simulateSplit({ runs, seed }: Runs): SplitResult[] {
  const random = seededRandom(seed);
  const alarms = { sequential: 0, gate: 0, together: 0, once: 0 };
  for (let run = 0; run < runs; run += 1) {
    const counts = [0, 0] as [number, number];
    const is = { sequential: false, gate: false, watched: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (let unit = 0; unit < 40; unit += 1) counts[random.bernoulli(0.5) === 1 ? 1 : 0] += 1;
      const watched = sequentialSampleRatio(counts, [1, 1]).pValue;
      is.sequential ||= watched <= ALPHA;
      is.watched ||= watched < WATCHED_LEVEL;
      is.gate ||= sampleRatio(counts, [1, 1]).pValue < GATE_LEVEL;
    }
    alarms.sequential += is.sequential ? 1 : 0;
    alarms.gate += is.gate ? 1 : 0;
    alarms.together += is.gate || is.watched ? 1 : 0;
    alarms.once += sampleRatio(counts, [1, 1]).pValue < ALPHA ? 1 : 0;
  }
  return [
    { test: 'sequential multinomial test, 100 looks', level: ALPHA, falseAlarms: share(alarms.sequential, runs) },
    { test: 'chi-square, one look', level: ALPHA, falseAlarms: share(alarms.once, runs) },
    {
      test: `chi-square gate at ${GATE_LEVEL}, 100 looks`,
      level: TOGETHER_LEVEL,
      falseAlarms: share(alarms.gate, runs),
    },
    {
      test: `the scorecard's gate: that, or the sequential test at ${WATCHED_LEVEL}, 100 looks`,
      level: TOGETHER_LEVEL,
      falseAlarms: share(alarms.together, runs),
    },
  ];
}
