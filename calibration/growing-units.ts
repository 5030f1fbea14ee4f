import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { differenceOfMeans } from '../estimators/effect.ts';
import { momentsFromSums } from '../estimators/moments.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { ALPHA, LOOKS, type Runs } from './always-valid.ts';
import { share, type Share } from './monte-carlo.ts';

/** Looks for which a unit goes on spending after it came. */
const WINDOW_LOOKS = 6;
const UNITS_PER_LOOK = 12;
const FIRST_UNITS = 100;

export interface GrowingResult {
  readonly reading: 'matured units only' | 'all units, as they stand';
  readonly everWrong: Share;
}

/**
 * Units whose outcome still grows for some looks: users who spend day by day, at a pace of their own. Read when matured, as the scorecard does, and as they
 * stand, as one should not without a proof.
 */
export function simulateGrowingUnits({ runs, seed }: Runs): GrowingResult[] {
  const random = seededRandom(seed);
  const wrong = { matured: 0, standing: 0 };
  for (let run = 0; run < runs; run += 1) {
    const arms = [new GrowingArm(), new GrowingArm()] as const;
    const is = { matured: false, standing: false };
    for (let look = 1; look <= LOOKS; look += 1) {
      for (const arm of arms) arm.advance(random);
      is.matured ||= excludesZero(arms[0].matured, arms[1].matured);
      is.standing ||= excludesZero(arms[0].standing(), arms[1].standing());
    }
    wrong.matured += is.matured ? 1 : 0;
    wrong.standing += is.standing ? 1 : 0;
  }
  return [
    { reading: 'matured units only', everWrong: share(wrong.matured, runs) },
    { reading: 'all units, as they stand', everWrong: share(wrong.standing, runs) },
  ];
}

interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

class GrowingArm {
  matured: Sums = { count: 0, sum: 0, sumOfSquares: 0 };
  /** Units that still grow, the oldest first: pace and total. */
  readonly #growing: { pace: number; total: number }[][] = [];

  advance(random: SeededRandom): void {
    this.#growing.push(Array.from({ length: UNITS_PER_LOOK }, () => ({ pace: random.exponential(1), total: 0 })));
    for (const cohort of this.#growing)
      for (const unit of cohort) unit.total += random.uniform() < 0.5 ? random.exponential(unit.pace) : 0;
    if (this.#growing.length <= WINDOW_LOOKS) return;
    for (const { total } of this.#growing.shift() ?? []) this.matured = added(this.matured, total);
  }

  standing(): Sums {
    return this.#growing.flat().reduce((sums, { total }) => added(sums, total), this.matured);
  }
}

function added({ count, sum, sumOfSquares }: Sums, value: number): Sums {
  return { count: count + 1, sum: sum + value, sumOfSquares: sumOfSquares + value * value };
}

function excludesZero(control: Sums, treatment: Sums): boolean {
  if (control.count < FIRST_UNITS) return false;
  const effect = differenceOfMeans(momentsFromSums(control), momentsFromSums(treatment));
  const { lower, upper } = confidenceSequence({ ...effect, count: control.count + treatment.count, alpha: ALPHA });
  return lower > 0 || upper < 0;
}
