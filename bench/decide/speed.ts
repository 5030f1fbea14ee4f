import { FEWEST_DEPOSITS, REGIONS, type Contender } from './contenders.ts';

export interface Speed {
  /** Median over the rounds of the nanoseconds per decision. */
  readonly nanoseconds: number;
  /** Share of users who got the treatment; a half, if the library decides as it should. */
  readonly treatedShare: number;
}

export interface SpeedOptions {
  readonly rounds: number;
  readonly roundMs: number;
}

const USERS = Array.from({ length: 10_000 }, (_, number) => `user-${(number * 2_654_435_761) >>> 0}`);

/** Measures all of them in turns, so that whatever else the machine does falls on all alike. */
export function measureSpeed(
  contenders: readonly Contender[],
  { rounds, roundMs }: SpeedOptions,
): ReadonlyMap<string, Speed> {
  const runs = contenders.map((contender) => ({
    contender,
    treatedShare: treatedShare(contender),
    decisions: calibrate(contender, roundMs),
    samples: [] as number[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, decisions, samples } of runs) samples.push(timeNs(contender, decisions) / decisions);
  }
  return new Map(
    runs.map(({ contender, samples, treatedShare }) => [
      contender.name,
      { nanoseconds: Math.round(median(samples) * 10) / 10, treatedShare },
    ]),
  );
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = sorted.length % 2 === 0 ? sorted.slice(middle - 1) : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}

/** @throws Error where an arm is missing or the split is far from a half */
function treatedShare(contender: Contender): number {
  const treated = USERS.filter((user, number) => contender.decide(user, regionOf(number), FEWEST_DEPOSITS + 1));
  const share = treated.length / USERS.length;
  if (share < 0.45 || share > 0.55) throw new Error(`${contender.name} treats ${share} of the users, not a half`);
  if (contender.decide('user-1', 'XX', FEWEST_DEPOSITS)) throw new Error(`${contender.name} ignores the region`);
  const untargeted = USERS.filter((user) => contender.decide(user, regionOf(0), FEWEST_DEPOSITS - 1));
  if (untargeted.length > 0) throw new Error(`${contender.name} ignores the number of deposits`);
  return share;
}

/** Doubles the number of decisions until they fill a round; that also warms the code up. */
function calibrate(contender: Contender, roundMs: number): number {
  let decisions = 1_000;
  while (timeNs(contender, decisions) < roundMs * 1e6) decisions *= 2;
  return decisions;
}

function timeNs(contender: Contender, decisions: number): number {
  let treated = 0;
  const startedAt = process.hrtime.bigint();
  for (let i = 0; i < decisions; i += 1) {
    const user = USERS[i % USERS.length] ?? '';
    if (contender.decide(user, regionOf(i), FEWEST_DEPOSITS + (i & 7))) treated += 1;
  }
  const tookNs = Number(process.hrtime.bigint() - startedAt);
  if (treated === 0 || treated === decisions) throw new Error(`${contender.name} served one arm only`);
  return tookNs;
}

function regionOf(number: number): string {
  return REGIONS[number % REGIONS.length] ?? '';
}
