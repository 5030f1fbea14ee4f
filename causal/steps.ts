import { differenceOfMeans } from '../estimators/effect.ts';
import type { CheckReading } from './checks/reading.ts';
import { refute, type Claim } from './checks/refute.ts';
import { sensitivityOf, type Sensitivity } from './checks/sensitivity.ts';
import { estimateAll, largestOf, type Estimated } from './estimate-all.ts';
import { standardDeviation } from './methods/matching.ts';
import { DEFAULT_OPTIONS, type MethodOptions } from './methods/method.ts';
import { Refusal } from './refusal.ts';
import { effectReading } from './report/effect.ts';
import type { AskedQuestion, BalanceReading, CausalReport, EffectReading, SegmentReading } from './report/report.ts';
import { readSegments } from './segments.ts';
import type { RawStudy } from './study/raw-column.ts';
import { studyOf, type Study } from './study/study.ts';
import type { Evidence } from './verdict.ts';

/** What every step begins with; the same units and question give the same, to the last digit. */
export interface Prepared {
  readonly whole: Study;
  readonly found: Estimated;
  readonly claim: Claim;
  readonly notes: readonly string[];
}

/** What the step of estimation found; JSON as it is. */
export interface Estimation {
  readonly report: Pick<
    CausalReport,
    | 'method'
    | 'methodReason'
    | 'effect'
    | 'naive'
    | 'means'
    | 'flow'
    | 'methods'
    | 'balance'
    | 'overlap'
    | 'dataQuality'
  >;
  /** What the verdict needs beside it. */
  readonly evidence: Omit<Evidence, 'checks' | 'sensitivity' | 'methods' | 'effect'>;
  readonly effect: EffectReading;
}

export interface Refutation {
  readonly checks: readonly CheckReading[];
  readonly sensitivity: Sensitivity;
}

export interface Segmented {
  readonly segments: readonly SegmentReading[];
  readonly notes: readonly string[];
}

export function optionsOf(asked: AskedQuestion, method: Partial<MethodOptions> = {}): MethodOptions {
  return { ...DEFAULT_OPTIONS, ...method, estimand: asked.estimand, seed: asked.seed };
}

/**
 * Encodes the covariates, estimates by every method and chooses one.
 *
 * @throws Refusal where there is no honest answer
 */
export function prepare(raw: RawStudy, asked: AskedQuestion, options: MethodOptions): Prepared {
  const { study: whole, notes } = studyOf(raw);
  if (!(standardDeviation(whole.outcome) > 0))
    throw new Refusal(
      'outcome',
      `the outcome ${asked.outcome} is ${whole.outcome[0] ?? 0} for every unit, so nothing can be told`,
    );
  const found = estimateAll(whole, asked, options);
  const { study, chosen, rows } = found;
  const placebos = raw.placebos.map((placebo) => ({
    ...placebo,
    values: rows === null ? placebo.values : Float64Array.from(rows, (row) => placebo.values[row]!),
  }));
  const claim: Claim = { study, method: chosen.method, options, estimate: chosen, alpha: asked.alpha, placebos };
  return { whole, found, claim, notes };
}

export function estimationOf({ whole, found, notes }: Prepared, asked: AskedQuestion): Estimation {
  const { study, chosen } = found;
  const effect = effectReading(chosen, asked.alpha);
  const largest = largestOf(found.after);
  const worst = found.after?.find(({ standardizedDifference }) => Math.abs(standardizedDifference) === largest);
  return {
    report: {
      method: chosen.method,
      methodReason: found.methodReason,
      effect,
      naive: naiveOf(whole, asked.alpha),
      means: meansOf(study, chosen.estimate),
      flow: found.flow,
      methods: found.methods,
      balance: balanceOf(found),
      overlap: found.overlap,
      dataQuality: [...notes, ...found.notes],
    },
    effect,
    evidence: {
      estimate: { ...chosen, weights: null },
      outcomeSpread: standardDeviation(study.outcome),
      largestDifference: largest,
      worstCovariate: worst?.name ?? null,
      keptTreatedRatio: chosen.treatedCount / whole.treatedCount,
    },
  };
}

export function refutationOf(
  { claim, found }: Prepared,
  onCheck: (done: number, of: number) => void = () => undefined,
): Refutation {
  const checks = refute(claim, onCheck);
  return { checks, sensitivity: sensitivityOf(claim.study, found.propensity, claim.estimate, claim.alpha) };
}

export function segmentsOf({ claim, found }: Prepared, raw: RawStudy): Segmented {
  const { readings, notes } = readSegments(claim, raw.segments, found.rows);
  return { segments: readings, notes };
}

/** What many would report: the difference of the groups as they are. */
function naiveOf({ treatment, outcome }: Study, alpha: number): EffectReading | null {
  const [control, treated] = [0, 1].map((group) => {
    let [count, sum, squares] = [0, 0, 0];
    for (let row = 0; row < outcome.length; row += 1)
      if (treatment[row] === group) {
        count += 1;
        sum += outcome[row]!;
      }
    const mean = sum / count;
    for (let row = 0; row < outcome.length; row += 1)
      if (treatment[row] === group) squares += (outcome[row]! - mean) ** 2;
    return { count, mean, variance: squares / (count - 1) };
  });
  return control === undefined || treated === undefined
    ? null
    : effectReading(differenceOfMeans(control, treated), alpha);
}

function meansOf(
  { treatment, outcome }: Study,
  estimate: number,
): { readonly treated: number; readonly control: number } {
  let [count, sum] = [0, 0];
  for (let row = 0; row < outcome.length; row += 1)
    if (treatment[row] === 1) {
      count += 1;
      sum += outcome[row]!;
    }
  return { treated: sum / count, control: sum / count - estimate };
}

function balanceOf({ before, after }: Estimated): BalanceReading[] {
  return before.map((each) => ({
    covariate: each.name,
    before: each,
    after: after?.find(({ name }) => name === each.name) ?? null,
  }));
}
