import type { Benchmark } from '../estimators/observational/sensitivity/robustness-value.ts';
import type { CheckReading } from './checks/reading.ts';
import type { Sensitivity } from './checks/sensitivity.ts';
import type { MethodEstimate } from './methods/method.ts';
import type { EffectReading, MethodReading, Status } from './report/report.ts';

export interface Evidence {
  readonly effect: EffectReading;
  readonly estimate: MethodEstimate;
  /** Standard deviation of the outcome. */
  readonly outcomeSpread: number;
  readonly largestDifference: number | null;
  readonly worstCovariate: string | null;
  /** Share of the treated that were kept, from the first eligible unit on. */
  readonly keptTreatedRatio: number;
  readonly checks: readonly CheckReading[];
  readonly sensitivity: Sensitivity;
  readonly methods: readonly MethodReading[];
}

/** Standardized differences: balanced up to the first (Austin, Stat. Med. 28, 2009), hopeless beyond the second (Rubin, HSORM 2, 2001; Stuart 2010). */
const BALANCED = 0.1;
const HOPELESS = 0.25;
/** Kish's effective numbers. Of 20 a mean's interval is about normal for outcomes that are not too skewed, of 50 for most. */
const FEW_CONTROLS = 20;
const FEWISH_CONTROLS = 50;
/** Ours: an answer about less than half of the treated is one to another question (Crump et al. 2009 on what trimming changes). */
const KEPT_AT_LEAST = 0.5;
const LARGEST_SHARE = 0.1;
/** A hidden difference that shows as much of this in what cannot be an effect leaves nothing to believe in. */
const LARGE_PLACEBO = 0.25;

/**
 * Credible, fragile or refused, with every reason. Refused: what an estimate needs is not there (units to compare with, balance), or what cannot be an effect shows one
 * as large as the effect itself. Fragile: it may be right, but something within reach would overturn it.
 */
export function verdictOf(evidence: Evidence): { readonly status: Status; readonly reasons: readonly string[] } {
  const refusals = refusalsOf(evidence);
  if (refusals.length > 0) return { status: 'refused', reasons: refusals };
  const doubts = [...doubtsOfDesign(evidence), ...doubtsOfChecks(evidence), ...doubtsOfSensitivity(evidence)];
  if (doubts.length > 0) return { status: 'fragile', reasons: doubts };
  return { status: 'credible', reasons: [credible(evidence)] };
}

function refusalsOf({
  estimate,
  largestDifference,
  worstCovariate,
  keptTreatedRatio,
  checks,
  effect,
  outcomeSpread,
}: Evidence): string[] {
  const reasons: string[] = [];
  if (keptTreatedRatio < KEPT_AT_LEAST)
    reasons.push(
      `Only ${percent(keptTreatedRatio)} of the treated units have anybody to be compared with; an answer about them would be about others than was asked.`,
    );
  if (largestDifference !== null && largestDifference > HOPELESS)
    reasons.push(
      `After weighting the groups still differ by ${largestDifference.toFixed(2)} standard deviations in ${worstCovariate ?? 'a covariate'}; beyond ${HOPELESS} no method can be relied on.`,
    );
  if (estimate.effectiveControlCount < FEW_CONTROLS)
    reasons.push(
      `The controls that are like the treated count as ${estimate.effectiveControlCount.toFixed(1)} independent ones; at least ${FEW_CONTROLS} are needed.`,
    );
  const size = Math.abs(effect.estimate) / outcomeSpread;
  for (const { sentence, outcome, standardizedSize, check, isAdjustedFor } of checks) {
    if (outcome !== 'failed' || standardizedSize === null || check === 'placebo treatment' || isAdjustedFor) continue;
    const off = Math.abs(standardizedSize);
    if (off >= LARGE_PLACEBO || off >= 0.5 * size)
      reasons.push(`${sentence} That is too large beside the effect to believe in it.`);
  }
  return reasons;
}

function doubtsOfDesign({
  estimate,
  largestDifference,
  worstCovariate,
  keptTreatedRatio,
  methods,
  effect,
}: Evidence): string[] {
  const doubts: string[] = [];
  if (largestDifference !== null && largestDifference > BALANCED)
    doubts.push(
      `The groups still differ by ${largestDifference.toFixed(2)} standard deviations in ${worstCovariate ?? 'a covariate'} (balanced would be ${BALANCED}).`,
    );
  if (estimate.effectiveControlCount < FEWISH_CONTROLS)
    doubts.push(`The controls count as only ${estimate.effectiveControlCount.toFixed(0)} independent ones.`);
  if (estimate.largestShare > LARGEST_SHARE)
    doubts.push(`A single control carries ${percent(estimate.largestShare)} of the weight of all of them.`);
  if (keptTreatedRatio < 0.9)
    doubts.push(
      `${percent(1 - keptTreatedRatio)} of the treated units have nobody to be compared with: the answer is not about them.`,
    );
  const others = methods.filter(({ method, effect: of }) => of !== null && method !== estimate.method);
  const opposed = others.filter(({ effect: of }) => of !== null && disagree(of, effect));
  if (opposed.length > 0)
    doubts.push(
      `Methods disagree: ${opposed.map(({ method, effect: of }) => `${method} says ${of?.estimate.toPrecision(3) ?? ''}`).join(', ')}, where ${estimate.method} says ${effect.estimate.toPrecision(3)}.`,
    );
  return doubts;
}

/** One says an effect where the other says none, or the opposite, by more than chance. */
function disagree(a: EffectReading, b: EffectReading): boolean {
  const isClear = ({ lower, upper }: EffectReading): boolean => lower > 0 || upper < 0;
  if (isClear(a) && isClear(b)) return Math.sign(a.estimate) !== Math.sign(b.estimate);
  return a.upper < b.lower || b.upper < a.lower || a.estimate < b.lower || a.estimate > b.upper;
}

function doubtsOfChecks({ checks, effect, outcomeSpread }: Evidence): string[] {
  const size = Math.abs(effect.estimate) / outcomeSpread;
  return checks
    .filter((reading) => reading.outcome === 'failed' || isDoubt(reading, size))
    .map(({ sentence }) => sentence);
}

/** Undecided counts where it matters: a few units may decide, or what should be nothing may hide as much as half of the effect. */
function isDoubt({ check, outcome, largestSize, isAdjustedFor }: CheckReading, size: number): boolean {
  if (outcome !== 'undecided') return false;
  if (check === 'subsets') return true;
  return PLACEBO_OUTCOMES.has(check) && !isAdjustedFor && (largestSize === null || largestSize >= 0.5 * size);
}

const PLACEBO_OUTCOMES: ReadonlySet<string> = new Set(['negative control', 'pre-treatment outcome']);

function doubtsOfSensitivity({ sensitivity, effect }: Evidence): string[] {
  const doubts: string[] = [];
  const isClear = effect.lower > 0 || effect.upper < 0;
  if (!isClear) return ['The interval holds no effect as well as this one: more units would be needed to tell.'];
  const [strongest] = sensitivity.robustness?.benchmarks ?? [];
  if (strongest?.isOverturned === true) doubts.push(strongEnough(strongest));
  if (sensitivity.criticalGamma !== null && sensitivity.criticalGamma < 1.1)
    doubts.push(
      `A hidden confounder that makes one of two alike units ${sensitivity.criticalGamma.toFixed(2)} times as likely to be treated would explain it.`,
    );
  return doubts;
}

function strongEnough({ covariate, overturningMultiple }: Benchmark): string {
  return `A hidden confounder ${(overturningMultiple ?? 1).toFixed(2)} times as strong as ${covariate} is would bring the estimate to nothing.`;
}

function credible({ largestDifference, checks, sensitivity }: Evidence): string {
  const passed = checks.filter(({ outcome }) => outcome === 'passed').length;
  const balance =
    largestDifference === null
      ? ''
      : ` The groups differ by at most ${largestDifference.toFixed(2)} standard deviations in any covariate.`;
  const gamma =
    sensitivity.eValue === null
      ? ''
      : ` To explain it away a hidden confounder needs a risk ratio of ${sensitivity.eValue.ofInterval.toFixed(2)} with both treatment and outcome.`;
  return `${passed} attempts to refute it failed.${balance}${gamma}`;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(0)} %`;
}
