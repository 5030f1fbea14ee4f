import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { causeOf, loadExperiment } from './experiment-activities.ts';
import { listen } from './experiment-handlers.ts';
import { experimentWorkflowId, invalid, readInput, type ExperimentInput } from './experiment-input.ts';
import { beginLife, decideEnding, isEnding, note, step, type ExperimentLife } from './experiment-life.ts';
import type { Ending, ExperimentView } from './experiment-state.ts';
import { viewOf } from './experiment-state.ts';
import { archive, conclude, holdBack } from './ending.ts';
import { rampAndJudge } from './ramping.ts';
import { waitUntil } from './waiting.ts';

/** How it ended, or under which id it runs where it was started under another one. */
export type ExperimentOutcome =
  { readonly ending: Ending | null; readonly state: ExperimentView } | { readonly runsAs: string };

/** The life of an experiment, from its definition to its archive. */
export async function experiment(input: ExperimentInput): Promise<ExperimentOutcome> {
  const checked = readInput(input, workflowInfo().continuedFromExecutionRunId !== undefined);
  if (workflowInfo().workflowId !== experimentWorkflowId(checked.experiment)) return await runUnderItsOwnId(checked);
  const life = beginLife(checked);
  listen(life);
  try {
    await live(life);
  } catch (error) {
    if (!isCancellation(error)) throw causeOf(error);
    await CancellationScope.nonCancellable(() => rollBackCancelled(life));
    throw error;
  }
  await condition(allHandlersFinished);
  return { ending: life.state.concluded, state: viewOf(life.state) };
}

async function live(life: ExperimentLife): Promise<void> {
  await load(life);
  await awaitApproval(life);
  await start(life);
  await rampAndJudge(life);
  await conclude(life);
  await holdBack(life);
  await archive(life);
}

async function load(life: ExperimentLife): Promise<void> {
  if (life.state.plan !== null) return;
  life.state.plan = await loadExperiment({ experimentKey: life.state.experimentKey });
  note(life, `version ${life.state.plan.definitionVersion} of the definition, by ${life.state.startedBy.name}`);
}

async function awaitApproval(life: ExperimentLife): Promise<void> {
  const { state } = life;
  if (state.plan?.isApprovalRequired !== true || state.approvedBy !== null || isEnding(life)) return;
  await step(life, { to: 'awaiting-approval' }, state.startedBy);
  state.waitReason = 'an approval: send the update "approve"';
  note(life, 'waits for an approval');
  await condition(() => state.approvedBy !== null || isEnding(life));
}

async function start(life: ExperimentLife): Promise<void> {
  const { state } = life;
  if (state.plan === null || state.epoch > 0 || isEnding(life)) return;
  const { definitionVersion } = state.plan;
  await step(life, { to: 'started', definitionVersion }, state.approvedBy ?? state.startedBy);
  waitUntil(life, Date.now(), 'hold', 'the first stage');
  note(life, `started: epoch ${state.epoch}, nobody enrolled yet`);
}

/** Whoever types another id into Temporal's form gets the same experiment, and still only one of it at a time. */
async function runUnderItsOwnId(input: ExperimentInput): Promise<ExperimentOutcome> {
  const workflowId = experimentWorkflowId(input.experiment);
  try {
    await startChild(experiment, { workflowId, args: [input], parentClosePolicy: ParentClosePolicy.ABANDON });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    throw invalid(`The experiment ${input.experiment} runs already, as the workflow ${workflowId}.`);
  }
  return { runsAs: workflowId };
}

/** A workflow that nobody steers any more must not leave a half-rolled-out variant behind. */
async function rollBackCancelled(life: ExperimentLife): Promise<void> {
  const { state } = life;
  if (state.plan === null || state.concluded !== null) return;
  const actor = { name: 'temporal', reason: 'the workflow was cancelled' };
  decideEnding(life, { outcome: 'rolled-back', variant: null, actor });
  await conclude(life);
  await archive(life);
}
