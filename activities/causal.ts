import { Context } from '@temporalio/activity';
import { conclude, refused, type Background } from '../causal/conclude.ts';
import { Refusal } from '../causal/refusal.ts';
import type { AskedQuestion, CausalReport } from '../causal/report/report.ts';
import { optionsOf, type Estimation, type Refutation, type Segmented } from '../causal/steps.ts';
import { inThread } from '../causal/thread.ts';
import type { StepRequest, StepResult } from '../causal/thread-main.ts';
import type { CausalStore } from '../control-store/causal-port.ts';
import type { ControlStore } from '../control-store/port.ts';
import { checkCausalQuestion, type CausalQuestion } from '../definitions/causal-question.ts';
import type { MetricDefinition } from '../definitions/metric.ts';
import {
  dropCohort,
  readCohort,
  resolveQuestion,
  writeCohort,
  type CohortCounts,
  type Resolved,
} from '../judge/causal-cohort.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { whileHeartbeating } from './while-heartbeating.ts';

/** What answers causal questions. */
export interface CausalParts {
  readonly questions: CausalStore;
  readonly controlStore: Pick<ControlStore, 'getDefinition'>;
  readonly warehouse: Warehouse;
  /** Resolves once everything that was published before the call is in the warehouse. */
  readonly caughtUp: () => Promise<void>;
  /** Ms since 1970 UTC. */
  readonly clock: () => number;
}

/** A question that was checked: everything is as of one time from here on. */
export interface CheckedQuestion {
  readonly questionId: string;
  readonly question: CausalQuestion;
  readonly asOfMs: number;
  /** What the outcome is counted in, such as INR. */
  readonly outcomeUnit: string;
}

/** A step's result, or why there is no honest answer. */
export type Step<T> = { readonly refusal: string } | { readonly refusal: null; readonly found: T };

export interface CausalActivities {
  /** Checks the document and what it names, and notes it. @throws UnanswerableError, InvalidDefinitionError */
  openCausalQuestion(input: { readonly questionId: string; readonly document: unknown }): Promise<CheckedQuestion>;
  buildCausalCohort(input: CheckedQuestion): Promise<CohortCounts>;
  estimateCausalEffect(input: CheckedQuestion): Promise<Step<Estimation>>;
  refuteCausalEffect(input: CheckedQuestion): Promise<Step<Refutation>>;
  readCausalSegments(input: CheckedQuestion): Promise<Step<Segmented>>;
  /** Makes the verdict and the report, stores it, and drops the cohort. */
  concludeCausalQuestion(input: CausalConclusion): Promise<Pick<CausalReport, 'status' | 'finding' | 'reasons'>>;
  /** Notes that a question failed or was cancelled, and drops the cohort. */
  closeCausalQuestion(input: CausalClosure): Promise<void>;
  noteCausalProgress(input: { readonly questionId: string; readonly detail: string }): Promise<void>;
}

export interface CausalConclusion extends CheckedQuestion {
  readonly counts: CohortCounts;
  readonly estimation: Step<Estimation>;
  readonly refutation: Step<Refutation> | null;
  readonly segmented: Step<Segmented> | null;
}

export interface CausalClosure {
  readonly questionId: string;
  readonly state: 'failed' | 'cancelled';
  readonly detail: string;
}

function withoutParts(): Promise<never> {
  return Promise.reject(
    new Error('this worker was started without what answers causal questions; another one has to do it'),
  );
}

export function createCausalActivities(parts: CausalParts | undefined): CausalActivities {
  if (parts === undefined)
    return {
      openCausalQuestion: withoutParts,
      buildCausalCohort: withoutParts,
      estimateCausalEffect: withoutParts,
      refuteCausalEffect: withoutParts,
      readCausalSegments: withoutParts,
      concludeCausalQuestion: withoutParts,
      closeCausalQuestion: withoutParts,
      noteCausalProgress: withoutParts,
    };
  const { questions, warehouse } = parts;
  const step =
    <S extends StepRequest['step']>(name: S) =>
    (input: CheckedQuestion) =>
      runStep(parts, name, input);
  return {
    async openCausalQuestion({ questionId, document }) {
      const question = checkCausalQuestion(document);
      await questions.put(questionId, document);
      await whileHeartbeating(() => parts.caughtUp());
      const asOfMs = parts.clock();
      const { cohort } = await resolve(parts, { question, asOfMs });
      return {
        questionId,
        question,
        asOfMs,
        outcomeUnit: question.outcome.unit === '' ? cohort.outcome.valueUnit : question.outcome.unit,
      };
    },
    async buildCausalCohort(input) {
      const resolved = await resolve(parts, input);
      return await whileHeartbeating(() => writeCohort(warehouse, input.questionId, resolved));
    },
    estimateCausalEffect: step('estimate'),
    refuteCausalEffect: step('refute'),
    readCausalSegments: step('segments'),
    async concludeCausalQuestion(input) {
      const report = reportOf(input);
      await questions.finish(input.questionId, {
        state: report.status === 'refused' ? 'refused' : 'answered',
        detail: report.finding ?? report.reasons[0] ?? '',
        report,
      });
      await dropCohort(warehouse, input.questionId);
      const { status, finding, reasons } = report;
      return { status, finding, reasons };
    },
    async closeCausalQuestion({ questionId, state, detail }) {
      await questions.finish(questionId, { state, detail, report: null });
      await dropCohort(warehouse, questionId);
    },
    noteCausalProgress: ({ questionId, detail }) => questions.progress(questionId, detail),
  };
}

async function resolve(
  { warehouse, controlStore }: CausalParts,
  { question, asOfMs }: Pick<CheckedQuestion, 'question' | 'asOfMs'>,
): Promise<Resolved> {
  const metricOf = async (key: string): Promise<MetricDefinition | undefined> => {
    try {
      const { definition } = await controlStore.getDefinition('metric', key);
      return definition;
    } catch (error) {
      if (error instanceof Error && error.name === 'NotFoundError') return undefined;
      throw error;
    }
  };
  return await resolveQuestion(warehouse, question, metricOf, asOfMs);
}

/** Reads the cohort and computes in a thread; progress goes out with the heartbeats, and a cancellation ends the thread. */
async function runStep<S extends StepRequest['step']>(
  parts: CausalParts,
  name: S,
  input: CheckedQuestion,
): Promise<Step<StepResult<StepRequest & { readonly step: S }>>> {
  const context = Context.current();
  return await whileHeartbeating(async () => {
    const resolved = await resolve(parts, input);
    const raw = await readCohort(parts.warehouse, input.questionId, resolved);
    const asked = askedOf(input);
    const request = { step: name, raw, asked, options: optionsOf(asked) };
    try {
      const found = await inThread(request, {
        onProgress: (share) => context.heartbeat({ step: name, share }),
        signal: context.cancellationSignal,
      });
      return { refusal: null, found };
    } catch (error) {
      if (error instanceof Refusal) return { refusal: error.message };
      throw error;
    }
  });
}

function askedOf({ question, outcomeUnit }: Pick<CheckedQuestion, 'question' | 'outcomeUnit'>): AskedQuestion {
  const { treatment, outcome, covariates, segments, method, estimand, alpha, seed } = question;
  return {
    treatment: treatment.event,
    outcome: `${outcome.metric} over ${outcome.windowMs / 86_400_000} days`,
    outcomeUnit,
    covariates,
    segments,
    method,
    estimand,
    alpha,
    seed,
  };
}

function reportOf({
  question,
  asOfMs,
  outcomeUnit,
  counts,
  estimation,
  refutation,
  segmented,
}: CausalConclusion): CausalReport {
  const asked = askedOf({ question, outcomeUnit });
  const { eligible, complete } = counts;
  const incomplete = eligible.treated + eligible.controls - complete.treated - complete.controls;
  const background: Background = {
    options: optionsOf(asked),
    flow: [{ step: `with a first ${question.population.event}`, ...eligible }],
    dataQuality: incomplete === 0 ? [] : [`${incomplete} units whose outcome window had not closed were left out`],
    reproduce: { question, asOf: new Date(asOfMs).toISOString() },
  };
  if (estimation.refusal !== null) return refused(asked, background, estimation.refusal);
  const refusal = refutation?.refusal ?? segmented?.refusal ?? null;
  if (refusal !== null || refutation === null || segmented === null)
    return refused(asked, background, refusal ?? 'a step is missing');
  if (refutation.refusal !== null || segmented.refusal !== null)
    return refused(asked, background, 'a step was refused');
  return conclude(asked, background, estimation.found, refutation.found, segmented.found);
}
