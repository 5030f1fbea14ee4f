import { ExperimentStatus, Ruleset, ValueType } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset, type CompiledRuleset } from '@third-umpire/sdk';
import { randomizationTest } from '../../estimators/designs/randomization-test.ts';
import { carryOver, readSwitchback } from '../../estimators/designs/switchback.ts';
import { differenceOfMeans } from '../../estimators/effect.ts';
import { momentsOf } from '../../estimators/moments.ts';
import { welch } from '../../estimators/welch.ts';
import { createMarket, HOUR_MS, seatsTaken, type Fee, type MarketHour } from './contest-market.ts';

/** Seats an hour and region that the lower fee adds, as a design tells it. */
export interface PricingReading {
  readonly estimate: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
  readonly standardError: number;
  /** What was randomized. */
  readonly units: number;
}

/** The same two weeks, once with users randomized and once with hours of regions, beside what is true. */
export interface ContestPricing {
  readonly windows: number;
  readonly regions: number;
  readonly users: number;
  /** Seats an hour and region without the lower fee, and what it adds when all get it. */
  readonly controlMean: number;
  readonly truth: number;
  readonly userLevel: PricingReading & { readonly error: number; readonly isTruthInside: boolean };
  readonly switchback: PricingReading & {
    readonly error: number;
    readonly isTruthInside: boolean;
    /** By drawing the arms of all windows again. */
    readonly randomizationPValue: number;
    /** Effect of the arm of the window before. */
    readonly carryOver: PricingReading & { readonly pValue: number };
    readonly method: string;
  };
}

const DAYS = 14;
const KEY = 'contest_pricing';

/** Plays two weeks of contests in moments: arms come from the SDK, with the clock of the play. */
export function playContestPricing(seed: number): ContestPricing {
  const hours = createMarket(DAYS, seed);
  const mean = (total: (hour: MarketHour) => number): number =>
    hours.reduce((sum, hour) => sum + total(hour), 0) / hours.length;
  const controlMean = mean((hour) => count(seatsTaken(hour, () => 'control')));
  const truth = mean((hour) => count(seatsTaken(hour, () => 'lower_fee'))) - controlMean;
  const told = (reading: PricingReading) => ({
    ...reading,
    error: reading.estimate - truth,
    isTruthInside: reading.interval[0] <= truth && truth <= reading.interval[1],
  });
  const users = hours.reduce((sum, { reluctance }) => sum + reluctance.length, 0);
  const windows = readWindows(hours, seed);
  return {
    windows: hours.length,
    regions: new Set(hours.map(({ region }) => region)).size,
    users,
    controlMean,
    truth,
    userLevel: told(readUsers(hours, seed)),
    switchback: { ...told(windows.effect), ...windows.checks },
  };
}

const count = (seats: readonly boolean[]): number => seats.filter(Boolean).length;

/** What a user-level experiment would say: the difference of two users, times the users of an hour. */
function readUsers(hours: readonly MarketHour[], seed: number): PricingReading {
  const ruleset = compiled(seed, 'user', 0);
  const seats: Record<Fee, number[]> = { control: [], lower_fee: [] };
  let user = 0;
  for (const hour of hours) {
    const fees = hour.reluctance.map(() => feeIn(ruleset, { user: `u${(user += 1)}` }, hour.startMs));
    const taken = seatsTaken(hour, (index) => fees[index] ?? 'control');
    for (const [index, fee] of fees.entries()) seats[fee].push(taken[index] === true ? 1 : 0);
  }
  const arms = [momentsOf(seats.control), momentsOf(seats.lower_fee)] as const;
  const { lower, upper } = welch(arms[0], arms[1]);
  const { estimate, standardError } = differenceOfMeans(arms[0], arms[1]);
  const anHour = user / hours.length;
  return {
    estimate: anHour * estimate,
    standardError: anHour * standardError,
    interval: [anHour * lower, anHour * upper],
    units: user,
  };
}

function readWindows(hours: readonly MarketHour[], seed: number) {
  const ruleset = compiled(seed, 'region', HOUR_MS);
  const observations = hours.map((hour) => {
    const fee = feeIn(ruleset, { region: hour.region }, hour.startMs);
    const total = count(seatsTaken(hour, () => fee));
    return { region: hour.region, windowStartMs: hour.startMs, isTreated: fee === 'lower_fee', total };
  });
  const { effect, method } = readSwitchback(observations, { fixedEffects: 'region-and-time' });
  const { previous } = carryOver(observations, { fixedEffects: 'region-and-time' });
  const { pValue: randomizationPValue } = randomizationTest({
    values: observations.map(({ total }) => total),
    isTreated: observations.map(({ isTreated }) => isTreated),
    mechanism: { mechanism: 'independent', treatedRatio: 0.5 },
    draws: 1_000,
    seed,
  });
  const reading = ({ estimate, standardError, lower, upper }: typeof effect): PricingReading => ({
    estimate,
    standardError,
    interval: [lower, upper],
    units: observations.length,
  });
  const carry = { ...reading(previous), pValue: previous.pValue };
  return { effect: reading(effect), checks: { randomizationPValue, carryOver: carry, method } };
}

function feeIn(ruleset: CompiledRuleset, context: Readonly<Record<string, string>>, nowMs: number): Fee {
  const { variant, errorMessage } = ruleset.evaluate(KEY, context, { clock: () => nowMs });
  if (variant === 'control' || variant === 'lower_fee') return variant;
  throw new Error(`${KEY} decided ${variant}: ${errorMessage}`);
}

/** As the control store publishes it when everybody is enrolled; each seed is an epoch of its own, with other arms. */
function compiled(seed: number, unitType: string, switchbackWindowMs: number): CompiledRuleset {
  const variants = ['control', 'lower_fee'];
  return compileRuleset(
    Ruleset.fromPartial({
      version: 1,
      layers: [{ key: KEY, unitType, salt: `layer:${KEY}` }],
      flags: [
        {
          key: KEY,
          valueType: ValueType.VALUE_TYPE_STRING,
          variants: variants.map((key) => ({ key, value: key })),
          controlVariant: 'control',
          enabled: true,
          rules: [{ key: `experiment:${KEY}`, outcome: { $case: 'experimentKey', value: KEY } }],
        },
      ],
      experiments: [
        {
          key: KEY,
          flagKey: KEY,
          layerKey: KEY,
          epoch: 1,
          status: ExperimentStatus.EXPERIMENT_STATUS_RUNNING,
          variants: variants.map((variant) => ({ variant, weightBasisPoints: 5_000 })),
          variantSalt: `variant:${KEY}:${seed}`,
          enrolmentSalt: `enrolment:${KEY}:${seed}`,
          reservedBuckets: [{ first: 0, end: 10_000 }],
          enrolledBucketCount: 10_000,
          switchbackWindowMs,
        },
      ],
    }),
  );
}
