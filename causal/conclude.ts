import type { MethodOptions } from './methods/method.ts';
import { nextSteps } from './report/next-steps.ts';
import type { AskedQuestion, CausalReport, FlowStep } from './report/report.ts';
import { assumptionsOf, findingOf, overturnedBy } from './report/wording.ts';
import type { Estimation, Refutation, Segmented } from './steps.ts';
import { verdictOf } from './verdict.ts';

/** What is known of an answer before anything is estimated. */
export interface Background {
  readonly options: MethodOptions;
  /** Units that were left out before. */
  readonly flow: readonly FlowStep[];
  readonly dataQuality: readonly string[];
  /** What else it takes to repeat the answer: SQL, versions. */
  readonly reproduce: Readonly<Record<string, unknown>>;
}

/** The verdict, and the report that goes with it: a refused one shows no effect. */
export function conclude(
  asked: AskedQuestion,
  background: Background,
  { report: found, evidence, effect }: Estimation,
  { checks, sensitivity }: Refutation,
  { segments, notes }: Segmented,
): CausalReport {
  const verdict = verdictOf({ ...evidence, effect, methods: found.methods, checks, sensitivity });
  const base: CausalReport = {
    ...refused(asked, background, ''),
    ...verdict,
    method: found.method,
    methodReason: found.methodReason,
    flow: [...background.flow, ...found.flow],
    balance: found.balance,
    overlap: found.overlap,
    dataQuality: [...background.dataQuality, ...found.dataQuality],
  };
  if (verdict.status === 'refused') return base;
  const report: CausalReport = {
    ...base,
    finding: findingOf(asked, effect),
    effect: found.effect,
    naive: found.naive,
    means: found.means,
    methods: found.methods,
    segments,
    checks,
    sensitivity,
    dataQuality: [...base.dataQuality, ...notes],
    assumptions: assumptionsOf(asked, found.method),
    overturnedBy: overturnedBy(sensitivity),
  };
  return { ...report, nextSteps: nextSteps(report) };
}

/** A report that shows nothing but why. */
export function refused(asked: AskedQuestion, background: Background, reason: string): CausalReport {
  const { options, flow, dataQuality, reproduce } = background;
  return {
    status: 'refused',
    reasons: reason === '' ? [] : [sentence(reason)],
    finding: null,
    question: asked,
    estimand: asked.estimand,
    method: asked.method === 'auto' ? 'aipw' : asked.method,
    methodReason: '',
    effect: null,
    naive: null,
    means: null,
    flow,
    methods: [],
    balance: [],
    overlap: null,
    segments: [],
    checks: [],
    sensitivity: null,
    dataQuality,
    assumptions: [],
    overturnedBy: [],
    nextSteps: [],
    reproduce: { ...reproduce, options: { ...options } },
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
