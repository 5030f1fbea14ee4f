import {
  CancellationScope,
  defineQuery,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';
import { causeOf, sentenceOf } from './experiment-activities.ts';

const FINAL_ERRORS = ['NotFoundError', 'InvalidDefinitionError', 'RangeError', 'UnanswerableError'];

/** A store or warehouse that is down is waited for; a worker that dies is noticed by its heartbeats, and the step is done again. */
const {
  openCausalQuestion,
  buildCausalCohort,
  estimateCausalEffect,
  refuteCausalEffect,
  readCausalSegments,
  concludeCausalQuestion,
  closeCausalQuestion,
  noteCausalProgress,
} = proxyActivities<Activities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds', nonRetryableErrorTypes: FINAL_ERRORS },
});

const PREFIX = 'causal-question/';

export function causalQuestionWorkflowId(questionId: string): string {
  return `${PREFIX}${questionId}`;
}

/** What is being done. */
export const causalProgress = defineQuery<string>('progress');

type Verdict = Awaited<ReturnType<Activities['concludeCausalQuestion']>>;

/**
 * Answers a causal question: checks it, builds the cohort as a target trial, estimates, tries to refute the estimate, reads segments and concludes. The input
 * is the question's document, so that it can be started by hand in Temporal's own UI, too. Large data stays in the warehouse.
 */
export async function causalQuestion(document: unknown): Promise<Verdict> {
  const { workflowId } = workflowInfo();
  const questionId = workflowId.startsWith(PREFIX) ? workflowId.slice(PREFIX.length) : workflowId;
  let doing = 'checking the question';
  setHandler(causalProgress, () => doing);
  const tell = async (next: string): Promise<void> => {
    doing = next;
    setCurrentDetails(`**${next}**`);
    await noteCausalProgress({ questionId, detail: next });
  };
  try {
    setCurrentDetails(`**${doing}**`);
    const checked = await openCausalQuestion({ questionId, document });
    await tell('building the cohort: time zero, treatment, features as of time zero, outcome');
    const counts = await buildCausalCohort(checked);
    const { treated, controls } = counts.complete;
    await tell(`estimating the effect from ${treated} treated and ${controls} control units`);
    const estimation = await estimateCausalEffect(checked);
    if (estimation.refusal !== null)
      return await concluded(checked, { counts, estimation, refutation: null, segmented: null });
    await tell('trying to refute the estimate');
    const refutation = await refuteCausalEffect(checked);
    await tell('reading the segments');
    const segmented = await readCausalSegments(checked);
    await tell('concluding');
    return await concluded(checked, { counts, estimation, refutation, segmented });
  } catch (error) {
    const isCancelled = isCancellation(error);
    const detail = isCancelled ? `cancelled while ${doing}` : sentenceOf(error);
    await CancellationScope.nonCancellable(() =>
      closeCausalQuestion({ questionId, state: isCancelled ? 'cancelled' : 'failed', detail }),
    );
    setCurrentDetails(`**${isCancelled ? 'cancelled' : 'failed'}**: ${detail}`);
    throw isCancelled ? error : causeOf(error);
  }
}

type Checked = Parameters<Activities['buildCausalCohort']>[0];
type Found = Omit<Parameters<Activities['concludeCausalQuestion']>[0], keyof Checked>;

async function concluded(checked: Checked, found: Found): Promise<Verdict> {
  const verdict = await concludeCausalQuestion({ ...checked, ...found });
  const lines = [verdict.finding ?? 'There is no honest answer.', ...verdict.reasons.map((reason) => `- ${reason}`)];
  setCurrentDetails([`**${verdict.status}**`, '', ...lines].join('\n'));
  return verdict;
}
