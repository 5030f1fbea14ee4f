import { columnBalances, type ColumnBalance } from '../estimators/observational/balance/balance.ts';
import { keptByOverlap, overlapOf, type Overlap } from '../estimators/observational/balance/overlap.ts';
import { rowsWhere } from '../estimators/observational/doubly-robust/nuisances.ts';
import { attempt } from './checks/refute.ts';
import { chooseMethod, type Candidate } from './choose-method.ts';
import { estimateBy } from './methods/estimate.ts';
import { ESTIMANDS, METHODS, type MethodEstimate, type MethodName, type MethodOptions } from './methods/method.ts';
import { propensityOf, type Propensity } from './methods/propensity.ts';
import { Refusal } from './refusal.ts';
import { effectReading } from './report/effect.ts';
import type { FlowStep, MethodReading } from './report/report.ts';
import { studyOfRows, type Study } from './study/study.ts';

/** Every method's estimate on the units that can be compared. */
export interface Estimated {
  /** The units that can be compared. */
  readonly study: Study;
  /** Their rows in the study that was given. */
  readonly rows: Uint32Array | null;
  readonly propensity: Propensity;
  readonly overlap: Overlap;
  readonly chosen: MethodEstimate;
  readonly methodReason: string;
  readonly methods: readonly MethodReading[];
  readonly before: readonly ColumnBalance[];
  readonly after: readonly ColumnBalance[] | null;
  readonly flow: readonly FlowStep[];
  readonly notes: readonly string[];
}

/**
 * Propensity, overlap, trimming, all methods and the choice among them.
 *
 * @throws Refusal where nothing can be compared, or the method that was asked for cannot answer
 */
export function estimateAll(
  whole: Study,
  asked: { readonly method: MethodName | 'auto'; readonly alpha: number },
  options: MethodOptions,
): Estimated {
  const first = propensityOf(whole);
  const overlap = overlapOf(first.probability, whole.treatment);
  const kept = rowsWhere(keptByOverlap(first.probability, whole.treatment, options.estimand), (of) => of === 1);
  const isTrimmed = kept.length < whole.outcome.length;
  const study = isTrimmed ? trimmed(whole, kept) : whole;
  const propensity = isTrimmed ? propensityOf(study) : first;
  const before = columnBalances(whole.covariates, whole.treatment, options.estimand);
  const candidates = METHODS.map((method): Candidate & { readonly reason: string | null } => {
    if (!ESTIMANDS[method].includes(options.estimand))
      return { method, estimate: null, largestDifference: null, reason: `gives no ${options.estimand}` };
    const estimate = attempt(() => estimateBy(method, study, propensity, options));
    if (estimate instanceof Refusal)
      return { method, estimate: null, largestDifference: null, reason: estimate.message };
    return { method, estimate, largestDifference: largestOf(afterOf(study, estimate)), reason: null };
  });
  const { chosen, methodReason } = chosenOf(candidates, asked.method, options, whole.treatedCount);
  return {
    study,
    rows: isTrimmed ? kept : null,
    propensity,
    overlap,
    chosen,
    methodReason,
    methods: candidates.map((candidate) => methodReading(candidate, asked.alpha)),
    before,
    after: afterOf(study, chosen),
    flow: flowOf(whole, study, chosen),
    notes: propensity.note === null ? [] : [propensity.note],
  };
}

function trimmed(whole: Study, kept: Uint32Array): Study {
  const study = attempt(() => studyOfRows(whole, kept));
  if (!(study instanceof Refusal)) return study;
  throw new Refusal(
    'no-overlap',
    `the groups hardly overlap: among the units whose propensity both groups have, ${study.message}`,
    { cause: study },
  );
}

function chosenOf(
  candidates: readonly (Candidate & { readonly reason: string | null })[],
  asked: MethodName | 'auto',
  options: MethodOptions,
  treatedCount: number,
): { readonly chosen: MethodEstimate; readonly methodReason: string } {
  const choice = asked === 'auto' ? chooseMethod(candidates, options.estimand, treatedCount) : null;
  const wanted = asked === 'auto' ? choice?.method : asked;
  const candidate = candidates.find(({ method }) => method === wanted);
  if (candidate !== undefined && candidate.estimate !== null)
    return { chosen: candidate.estimate, methodReason: choice?.reason ?? `${candidate.method} was asked for.` };
  const reasons = candidates
    .filter(({ method, reason }) => reason !== null && (asked === 'auto' || method === asked))
    .map(({ method, reason }) => `${method}: ${reason ?? ''}`);
  throw new Refusal('method', `no estimate could be made. ${reasons.join('; ')}`);
}

function afterOf(study: Study, { weights, estimand }: MethodEstimate): readonly ColumnBalance[] | null {
  return weights === null ? null : columnBalances(study.covariates, study.treatment, estimand, weights);
}

export function largestOf(balances: readonly ColumnBalance[] | null): number | null {
  if (balances === null) return null;
  return balances.reduce((most, { standardizedDifference }) => Math.max(most, Math.abs(standardizedDifference)), 0);
}

function methodReading(
  { method, estimate, largestDifference, reason }: Candidate & { readonly reason: string | null },
  alpha: number,
): MethodReading {
  const plain = estimate?.plain ?? null;
  return {
    method,
    effect: estimate === null ? null : effectReading(estimate, alpha),
    plain: plain === null ? null : effectReading(plain, alpha),
    treatedCount: estimate?.treatedCount ?? 0,
    controlCount: estimate?.controlCount ?? 0,
    effectiveControlCount: estimate?.effectiveControlCount ?? 0,
    largestDifference,
    reason,
  };
}

function flowOf(whole: Study, study: Study, chosen: MethodEstimate): FlowStep[] {
  return [
    { step: 'with treatment and outcome known', treated: whole.treatedCount, controls: whole.controlCount },
    {
      step: 'with somebody of the other group to be compared with',
      treated: study.treatedCount,
      controls: study.controlCount,
    },
    { step: `compared by ${chosen.method}`, treated: chosen.treatedCount, controls: chosen.controlCount },
  ];
}
