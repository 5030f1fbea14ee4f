import { SCENARIOS } from './arm-stream.ts';
import { simulateAlwaysValid, type SequentialResult } from './always-valid.ts';
import { simulateCoverage, type CoverageResult } from './coverage.ts';
import { simulateGrowingUnits, type GrowingResult } from './growing-units.ts';
import {
  simulateGroupSequential,
  simulateSplit,
  type GroupSequentialResult,
  type SplitResult,
} from './planned-looks.ts';
import { simulateFutility, simulateTargets } from './ending.ts';
import { simulatePower, type PowerResult } from './power.ts';
import { isKept, type PromiseKept } from './promise.ts';
import { simulateQuantiles } from './quantile-looks.ts';
import { simulateRareProportions } from './rare-proportions.ts';
import { simulateSkewedArms } from './skewed-arms.ts';

export interface Calibration {
  readonly runs: number;
  readonly seed: number;
  readonly alwaysValid: readonly SequentialResult[];
  readonly growing: readonly GrowingResult[];
  readonly groupSequential: readonly GroupSequentialResult[];
  readonly split: readonly SplitResult[];
  readonly coverage: readonly CoverageResult[];
  readonly power: readonly PowerResult[];
  readonly rareProportions: readonly PromiseKept[];
  readonly quantiles: readonly PromiseKept[];
  readonly skewedArms: readonly PromiseKept[];
  readonly endings: readonly PromiseKept[];
}

/**
 * Simulates experiments whose truth is known, and counts how often each method is wrong. Every part has a seed of its own, which follows from `seed`.
 *
 * @param log told what is done
 */
export function calibrate(runs: number, seed: number, log: (line: string) => void): Calibration {
  const part = <T>(name: string, offset: number, simulate: (options: { runs: number; seed: number }) => T): T => {
    log(`${name}: ${runs} experiments, seed ${seed + offset}`);
    return simulate({ runs, seed: seed + offset });
  };
  return {
    runs,
    seed,
    alwaysValid: SCENARIOS.flatMap((scenario, index) =>
      part(scenario.name, index, (options) => simulateAlwaysValid(scenario, options)),
    ),
    growing: part('growing units', 20, simulateGrowingUnits),
    groupSequential: part('group-sequential', 30, simulateGroupSequential),
    split: part('split', 40, simulateSplit),
    coverage: part('coverage', 50, simulateCoverage),
    power: part('power', 60, simulatePower),
    rareProportions: part('rare proportions', 70, simulateRareProportions),
    quantiles: part('quantiles', 80, simulateQuantiles),
    skewedArms: part('skewed arms', 85, simulateSkewedArms),
    endings: [...part('futility', 90, simulateFutility), ...part('targets', 91, simulateTargets)],
  };
}

export interface Failure {
  readonly what: string;
  readonly bound: string;
}

/** What does not hold what it promises; empty where all does. Bounds are of the 99 % Monte-Carlo interval. */
export function failuresOf(calibration: Calibration): Failure[] {
  const failures: Failure[] = [];
  const expect = (holds: boolean, what: string, bound: string): void => {
    if (!holds) failures.push({ what, bound });
  };
  const { alwaysValid, growing, groupSequential, split, coverage, power } = calibration;
  for (const { scenario, method, everWrong } of alwaysValid) {
    if (method === 'fixed test, looked at each time') continue;
    expect(
      everWrong.upper <= atMost(calibration),
      `${method}, ${scenario.name}: ${everWrong.value}`,
      'type-I error 5 %',
    );
  }
  for (const { reading, everWrong } of growing)
    if (reading === 'matured units only')
      expect(everWrong.upper <= atMost(calibration), `${reading}: ${everWrong.value}`, 'type-I error 5 %');
  for (const {
    spending,
    everCrossed: { lower, upper, value },
  } of groupSequential)
    expect(lower <= 0.05 && upper >= 0.05, `${spending}: ${value}`, '5 % within Monte-Carlo error');
  for (const { test, level, falseAlarms } of split)
    expect(falseAlarms.lower <= level, `${test}: ${falseAlarms.value}`, `false alarms at most ${level}`);
  for (const { quantity, held } of coverage)
    expect(held.upper >= 0.94 && held.lower <= 0.96, `${quantity}: ${held.value}`, 'coverage 94 to 96 %');
  for (const { rule, theory, found } of power)
    expect(found.lower <= theory && theory <= found.upper, `${rule}: ${found.value}`, `power ${theory.toFixed(4)}`);
  const { rareProportions, quantiles, skewedArms, endings } = calibration;
  for (const line of [...rareProportions, ...quantiles, ...skewedArms, ...endings])
    expect(isKept(line), `${line.method}: ${line.found.value}`, `${line.promise} ${line.level}`);
  return failures;
}

/** 5.5 % for 10,000 experiments; fewer leave more to chance. */
function atMost({ runs }: Calibration): number {
  return 0.055 + 2.576 * (Math.sqrt((0.05 * 0.95) / runs) - Math.sqrt((0.05 * 0.95) / 10_000));
}
