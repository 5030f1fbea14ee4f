import type { Effect } from '../../estimators/effect.ts';
import { placeboOutcomeReading } from '../../estimators/observational/refutation/placebo-outcome.ts';
import { noiseReading, omissionReading, subsetReading } from '../../estimators/observational/refutation/stability.ts';
import { seededRandom } from '../../estimators/seeded-random.ts';
import { estimateBy } from '../methods/estimate.ts';
import { standardDeviation } from '../methods/matching.ts';
import type { MethodEstimate, MethodName, MethodOptions } from '../methods/method.ts';
import { propensityOf } from '../methods/propensity.ts';
import { Refusal } from '../refusal.ts';
import type { Placebo } from '../study/raw-column.ts';
import { studyOfRows, studyWithout, type Study } from '../study/study.ts';
import { placeboTreatments } from './placebo-treatment.ts';
import { NO_SIZE, notRun, shown, type CheckName, type CheckReading } from './reading.ts';

/** What is being attacked. */
export interface Claim {
  readonly study: Study;
  readonly method: MethodName;
  readonly options: MethodOptions;
  readonly estimate: MethodEstimate;
  readonly alpha: number;
  readonly placebos: readonly Placebo[];
}

/** Attacks that estimate many times do so on at most so many units, drawn at random: enough to find what is wrong. */
const MOST_ROWS = 50_000;
/** What should be nothing may be this much of a standard deviation of it: what Cohen (1988) calls a small difference. */
const PLACEBO_MARGIN = 0.2;
const SUBSETS = 8;
const NOISE_DRAWS = 5;

/** The same method on other units, covariates or outcomes, from the propensity on. */
export function reestimate(study: Study, { method, options }: Pick<Claim, 'method' | 'options'>): MethodEstimate {
  return estimateBy(method, study, propensityOf(study), options);
}

/** Everything that is tried against an estimate, in a fixed order. Randomness is seeded. */
export function refute(
  claim: Claim,
  onCheck: (done: number, of: number) => void = () => undefined,
): readonly CheckReading[] {
  const small = withFewerRows(claim);
  const attacks: readonly (readonly [CheckName, () => CheckReading])[] = [
    ['placebo treatment', () => placeboTreatments(small)],
    ...claim.placebos.map((placebo) => {
      const check: CheckName = placebo.kind === 'negative control' ? 'negative control' : 'pre-treatment outcome';
      return [check, () => placeboOutcome(claim, placebo, check)] as const;
    }),
    ['random common cause', () => randomCommonCause(small)],
    ['subsets', () => subsets(small)],
    ['leave one covariate out', () => leaveOneOut(small)],
  ];
  return attacks.map(([check, attack], index) => {
    const reading = attempt(attack);
    onCheck(index + 1, attacks.length);
    return reading instanceof Refusal ? notRun(check, `could not be run: ${reading.message}`) : reading;
  });
}

function withFewerRows(claim: Claim): Claim {
  const { study } = claim;
  if (study.outcome.length <= MOST_ROWS) return claim;
  const random = seededRandom(claim.options.seed + 7);
  const share = MOST_ROWS / study.outcome.length;
  const rows = Uint32Array.from(rowsWhere(study.outcome.length, () => random.uniform() < share));
  const fewer = studyOfRows(study, rows);
  return { ...claim, study: fewer, estimate: reestimate(fewer, claim) };
}

function rowsWhere(rowCount: number, isWanted: (row: number) => boolean): number[] {
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row += 1) if (isWanted(row)) rows.push(row);
  return rows;
}

/** An outcome that the treatment cannot have changed: whatever effect it shows is what hidden differences do. */
function placeboOutcome(claim: Claim, { name, values }: Placebo, check: CheckName): CheckReading {
  const spread = standardDeviation(values);
  if (!(spread > 0)) return notRun(check, `${name} is the same for every unit, so it says nothing`);
  const found = attempt(() => reestimate(studyWithout(claim.study, [name], values), claim));
  if (found instanceof Refusal) return notRun(check, `${name} cannot be read: ${found.message}`);
  const isAdjustedFor = claim.study.groups.some(({ covariate }) => covariate === name);
  const { outcome, standardizedSize, largestSize, pValue, equivalencePValue } = placeboOutcomeReading(found, spread, {
    alpha: claim.alpha,
    margin: PLACEBO_MARGIN,
    comparisons: claim.placebos.length,
  });
  const reading = {
    failed: 'so something that is not in the covariates differs between the groups',
    passed: `shown to be less than ${PLACEBO_MARGIN} of them (p = ${equivalencePValue.toPrecision(2)}), as it should be`,
    undecided: `which is not shown to differ from nothing, nor to be less than ${PLACEBO_MARGIN} of them`,
  }[outcome];
  return {
    check,
    outcome,
    standardizedSize,
    largestSize,
    isAdjustedFor,
    sentence: `${name}, which the treatment cannot have changed, shows an effect of ${shown(found.estimate)} (${shown(standardizedSize)} standard deviations, p = ${pValue.toPrecision(2)}), ${reading}${isAdjustedFor ? '; the answer itself is adjusted for it' : ''}.`,
  };
}

/** Covariates of pure noise must change nothing. */
function randomCommonCause(claim: Claim): CheckReading {
  const random = seededRandom(claim.options.seed + 11);
  const { covariates, scales } = claim.study;
  const estimates: number[] = [];
  for (let draw = 0; draw < NOISE_DRAWS; draw += 1) {
    const noise = Float64Array.from({ length: covariates.rowCount }, () => random.normal());
    const noisy: Study = {
      ...claim.study,
      covariates: {
        ...covariates,
        names: [...covariates.names, '(noise)'],
        columns: [...covariates.columns, noise],
      },
      scales: { means: Float64Array.of(...scales.means, 0), deviations: Float64Array.of(...scales.deviations, 1) },
    };
    const found = attempt(() => reestimate(noisy, claim));
    if (found instanceof Refusal) return notRun('random common cause', `could not be run: ${found.message}`);
    estimates.push(found.estimate);
  }
  const { outcome, movedBy, least, most } = noiseReading(claim.estimate, estimates);
  return {
    ...NO_SIZE,
    check: 'random common cause',
    outcome,
    sentence: `With a covariate of pure noise, drawn ${NOISE_DRAWS} times, the estimate is ${shown(least)} to ${shown(most)}: on average it moves by ${shown(movedBy)} of its standard error${outcome === 'passed' ? '' : ', so it hangs on chance'}.`,
  };
}

/** Estimates of random eighths left out must not differ by more than chance allows. */
function subsets(claim: Claim): CheckReading {
  const random = seededRandom(claim.options.seed + 13);
  const part = Uint8Array.from({ length: claim.study.outcome.length }, () => Math.floor(random.uniform() * SUBSETS));
  const estimates: number[] = [];
  for (let left = 0; left < SUBSETS; left += 1) {
    const rows = Uint32Array.from(rowsWhere(part.length, (row) => part[row] !== left));
    const found = attempt(() => reestimate(studyOfRows(claim.study, rows), claim));
    if (!(found instanceof Refusal)) estimates.push(found.estimate);
  }
  if (estimates.length < SUBSETS / 2) return notRun('subsets', 'too few units to leave any of them out');
  const { outcome, movedBy, least, most, flips } = subsetReading(claim.estimate, estimates);
  const meaning = {
    failed: ', so a few units decide it',
    undecided: flips ? ', and it changes its sign' : ', more than so few units should move it',
    passed: '',
  }[outcome];
  return {
    ...NO_SIZE,
    check: 'subsets',
    outcome,
    sentence: `With an eighth of the units left out, ${estimates.length} times, the estimate lies between ${shown(least)} and ${shown(most)}: it moves by ${shown(movedBy)} standard errors at most${meaning}.`,
  };
}

/** Which covariate the estimate hangs on. */
function leaveOneOut(claim: Claim): CheckReading {
  const { study, estimate } = claim;
  const names = study.groups.filter(({ columns }) => columns.length > 0).map(({ covariate }) => covariate);
  if (names.length < 2) return notRun('leave one covariate out', 'there is only one covariate');
  const found = names.flatMap((covariate): { covariate: string; effect: Effect }[] => {
    const without = attempt(() => reestimate(studyWithout(study, [covariate]), claim));
    return without instanceof Refusal ? [] : [{ covariate, effect: without }];
  });
  const far = (of: Effect): number => Math.abs(of.estimate - estimate.estimate);
  const [worst] = found.toSorted((a, b) => far(b.effect) - far(a.effect));
  if (worst === undefined) return notRun('leave one covariate out', 'no covariate could be left out');
  const { outcome, movedBy } = omissionReading(estimate, worst.effect);
  return {
    ...NO_SIZE,
    check: 'leave one covariate out',
    outcome,
    sentence: `Without ${worst.covariate}, the covariate it hangs on most, the estimate is ${shown(worst.effect.estimate)} (${shown(movedBy)} standard errors away)${outcome === 'failed' ? ': had nobody measured it, the answer would be the opposite' : ''}.`,
  };
}

/** What cannot be estimated among fewer units or covariates is said, and no reason to stop. */
export function attempt<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    if (error instanceof RangeError) return new Refusal('method', error.message, { cause: error });
    throw error;
  }
}
