import { powerAt, type PlannedComparison } from '../estimators/planning/plan.ts';
import { confidenceSequence } from '../estimators/confidence-sequence.ts';
import { seededRandom, type SeededRandom } from '../estimators/seeded-random.ts';
import { spendingBoundaries } from '../estimators/stopping/spending-boundaries.ts';
import { ALPHA, type Runs } from './always-valid.ts';
import { share, type Share } from './monte-carlo.ts';

export interface PowerResult {
  readonly rule: string;
  /** In standard deviations of one unit. */
  readonly effect: number;
  /** Units of both arms together. */
  readonly units: number;
  /** What `umpire plan` says. */
  readonly theory: number;
  readonly found: Share;
}

const UNITS = 4_000;
const EFFECT = 0.1;
const LOOKS = [0.2, 0.4, 0.6, 0.8, 1] as const;

/** Experiments with an effect of a tenth of a standard deviation, and how often each rule finds it by its last look. */
export function simulatePower({ runs, seed }: Runs): PowerResult[] {
  const random = seededRandom(seed);
  const boundaries = spendingBoundaries({
    spending: 'obrien-fleming',
    alpha: ALPHA,
    informationFractions: LOOKS,
    isFinal: true,
  });
  const rules = {
    'fixed-horizon': { rule: 'fixed-horizon' },
    'group-sequential': { rule: 'group-sequential', spending: 'obrien-fleming', looks: LOOKS.length },
    'always-valid': { rule: 'always-valid' },
  } as const;
  const hits = { 'fixed-horizon': 0, 'group-sequential': 0, 'always-valid': 0 };
  for (let run = 0; run < runs; run += 1) {
    const z = zPath(random);
    const last = z.at(-1) ?? 0;
    if (Math.abs(last) > 1.9605) hits['fixed-horizon'] += 1;
    if (z.some((value, look) => Math.abs(value) >= (boundaries[look] ?? Infinity))) hits['group-sequential'] += 1;
    const standardError = 2 / Math.sqrt(UNITS);
    const effect = { estimate: last * standardError, standardError };
    const { lower, upper } = confidenceSequence({ ...effect, count: UNITS, alpha: ALPHA });
    if (lower > 0 || upper < 0) hits['always-valid'] += 1;
  }
  return Object.entries(rules).map(([rule, stopping]) => {
    const plan: PlannedComparison = {
      baseline: { kind: 'mean', mean: 1, standardDeviation: 1 },
      varianceRemovedRatio: 0,
      shares: { control: 0.5, treatment: 0.5 },
      stopping,
      alpha: ALPHA,
    };
    const found = share(hits[rule as keyof typeof hits], runs);
    return { rule, effect: EFFECT, units: UNITS, theory: powerAt(plan, EFFECT, UNITS), found };
  });
}

/** The test statistic at each look: a Brownian motion with drift, which is what sums of many units are. */
function zPath(random: SeededRandom): number[] {
  const drift = (EFFECT * Math.sqrt(UNITS)) / 2;
  let [score, before] = [0, 0];
  return LOOKS.map((at) => {
    score += drift * (at - before) + Math.sqrt(at - before) * random.normal();
    before = at;
    return score / Math.sqrt(at);
  });
}
