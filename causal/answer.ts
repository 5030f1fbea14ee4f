import { differenceOfMeans } from '../estimators/effect.ts';
import { refute, type Claim } from './checks/refute.ts';
import { sensitivityOf } from './checks/sensitivity.ts';
import { estimateAll, largestOf, type Estimated } from './estimate-all.ts';
import { standardDeviation } from './methods/matching.ts';
import { DEFAULT_OPTIONS, type MethodOptions } from './methods/method.ts';
import { Refusal } from './refusal.ts';
import { effectReading } from './report/effect.ts';
import { nextSteps } from './report/next-steps.ts';
import type { AskedQuestion, BalanceReading, CausalReport, FlowStep } from './report/report.ts';
import { assumptionsOf, findingOf, overturnedBy } from './report/wording.ts';
import { readSegments } from './segments.ts';
import type { RawStudy } from './study/raw-column.ts';
import { studyOf, type Study } from './study/study.ts';
import { verdictOf } from './verdict.ts';

export interface AnswerOptions {
  readonly method?: Partial<MethodOptions>;
  /** Units that were left out before, such as those without an outcome. */
  readonly flow?: readonly FlowStep[];
  readonly dataQuality?: readonly string[];
  /** What else it takes to repeat the answer: SQL, versions. */
  readonly reproduce?: Readonly<Record<string, unknown>>;
  /** What is being done, and which share of all of it is done. */
  readonly onProgress?: (step: string, share: number) => void;
}

/**
 * Answers a question from units with their covariates as of time zero: propensity, overlap and trimming, every method, balance, attempts to refute it,
 * sensitivity, segments and a verdict. The same units, question and seed give the same answer, to the last digit.
 *
 * What has no honest answer is a report with the status `refused`, not an error.
 */
export function answer(raw: RawStudy, asked: AskedQuestion, given: AnswerOptions = {}): CausalReport {
  const options: MethodOptions = { ...DEFAULT_OPTIONS, ...given.method, estimand: asked.estimand, seed: asked.seed };
  try {
    return answered(raw, asked, options, given);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...nothing(asked, options, given), reasons: [sentence(error.message)] };
  }
}

function answered(raw: RawStudy, asked: AskedQuestion, options: MethodOptions, given: AnswerOptions): CausalReport {
  const progress = given.onProgress ?? (() => undefined);
  progress('encoding the covariates', 0);
  const { study: whole, notes } = studyOf(raw);
  if (!(standardDeviation(whole.outcome) > 0))
    throw new Refusal(
      'outcome',
      `the outcome ${asked.outcome} is ${whole.outcome[0] ?? 0} for every unit, so nothing can be told`,
    );
  progress('estimating', 0.1);
  const found = estimateAll(whole, asked, options);
  const { study, chosen } = found;
  const rows = found.rows;
  const placebos = raw.placebos.map((placebo) => ({
    ...placebo,
    values: rows === null ? placebo.values : Float64Array.from(rows, (row) => placebo.values[row]!),
  }));
  const claim: Claim = { study, method: chosen.method, options, estimate: chosen, alpha: asked.alpha, placebos };
  progress('trying to refute it', 0.3);
  const checks = refute(claim, (done, of) => progress('trying to refute it', 0.3 + (0.4 * done) / of));
  progress('sensitivity', 0.7);
  const sensitivity = sensitivityOf(study, found.propensity, chosen, asked.alpha);
  const effect = effectReading(chosen, asked.alpha);
  const largest = largestOf(found.after);
  const verdict = verdictOf({
    effect,
    estimate: chosen,
    outcomeSpread: standardDeviation(study.outcome),
    largestDifference: largest,
    worstCovariate:
      found.after?.find(({ standardizedDifference }) => Math.abs(standardizedDifference) === largest)?.name ?? null,
    keptTreatedRatio: chosen.treatedCount / whole.treatedCount,
    checks,
    sensitivity,
    methods: found.methods,
  });
  const base = {
    ...nothing(asked, options, given),
    ...verdict,
    method: chosen.method,
    methodReason: found.methodReason,
    flow: [...(given.flow ?? []), ...found.flow],
    balance: balanceOf(found),
    overlap: found.overlap,
    dataQuality: [...(given.dataQuality ?? []), ...notes, ...found.notes],
  };
  if (verdict.status === 'refused') return base;
  progress('segments', 0.8);
  const segments = readSegments(claim, raw.segments, rows);
  progress('done', 1);
  const report: CausalReport = {
    ...base,
    finding: findingOf(asked, effect),
    effect,
    naive: naiveOf(whole, asked.alpha),
    means: meansOf(study, chosen.estimate),
    methods: found.methods,
    segments: segments.readings,
    checks,
    sensitivity,
    dataQuality: [...base.dataQuality, ...segments.notes],
    assumptions: assumptionsOf(asked, chosen.method),
    overturnedBy: overturnedBy(sensitivity),
  };
  return { ...report, nextSteps: nextSteps(report) };
}

/** A report that shows nothing. */
function nothing(asked: AskedQuestion, options: MethodOptions, given: AnswerOptions): CausalReport {
  return {
    status: 'refused',
    reasons: [],
    finding: null,
    question: asked,
    estimand: asked.estimand,
    method: asked.method === 'auto' ? 'aipw' : asked.method,
    methodReason: '',
    effect: null,
    naive: null,
    means: null,
    flow: given.flow ?? [],
    methods: [],
    balance: [],
    overlap: null,
    segments: [],
    checks: [],
    sensitivity: null,
    dataQuality: given.dataQuality ?? [],
    assumptions: [],
    overturnedBy: [],
    nextSteps: [],
    reproduce: { ...given.reproduce, options: { ...options } },
  };
}

/** What many would report: the difference of the groups as they are. */
function naiveOf({ treatment, outcome }: Study, alpha: number) {
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

function meansOf({ treatment, outcome }: Study, estimate: number) {
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

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
