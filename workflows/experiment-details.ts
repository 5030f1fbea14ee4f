import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ScorecardSummary } from '../activities/scorecard-summary.ts';
import type { ExperimentState } from './experiment-state.ts';

export const experimentKeyAttribute = defineSearchAttributeKey('UmpireExperimentKey', SearchAttributeType.KEYWORD);
export const experimentStatusAttribute = defineSearchAttributeKey(
  'UmpireExperimentStatus',
  SearchAttributeType.KEYWORD,
);
export const stageAttribute = defineSearchAttributeKey('UmpireStage', SearchAttributeType.INT);

/** Shows where an experiment stands in Temporal's own UI: search attributes, memo and a markdown page. */
export function publishProgress(state: ExperimentState): void {
  const known = workflowInfo().typedSearchAttributes;
  if (known.get(experimentStatusAttribute) !== state.status || known.get(stageAttribute) !== state.stage) {
    upsertSearchAttributes([
      { key: experimentKeyAttribute, value: state.experimentKey },
      { key: experimentStatusAttribute, value: state.status },
      { key: stageAttribute, value: state.stage },
    ]);
  }
  if (state.plan !== null && workflowInfo().memo?.['hypothesis'] !== state.plan.hypothesis) {
    upsertMemo({ hypothesis: state.plan.hypothesis, owner: state.plan.owner });
  }
  setCurrentDetails(detailsOf(state));
}

/** The page as markdown. */
export function detailsOf(state: ExperimentState): string {
  const blocks = [
    `**${state.experimentKey}** is **${state.status}**: ${inline(state.statusReason)}`,
    state.waitReason === '' || state.isArchived ? '' : `Waits: ${inline(state.waitReason)}`,
    state.judgementProblem === null ? '' : `**Not judged:** ${inline(state.judgementProblem)} The ramp stands still.`,
    stageTable(state),
    state.scorecard === null ? '' : scorecardTable(state.scorecard),
    timelineList(state),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function stageTable(state: ExperimentState): string {
  if (state.plan === null) return '';
  const rows = state.plan.stages.map((stage, index) => {
    const number = index + 1;
    const progress = number < state.stage ? 'done' : number === state.stage ? 'now' : 'to come';
    return `| ${number} | ${stage.basisPoints / 100} % | ${inWords(stage.holdMs)} | ${progress} |`;
  });
  return ['| stage | enrolled | hold | |', '|---|---|---|---|', ...rows].join('\n');
}

function scorecardTable(scorecard: ScorecardSummary): string {
  const rows = scorecard.readouts.map(
    ({ metricKey, role, variant, units, relativeLift }) =>
      `| ${inline(metricKey)} | ${role} | ${inline(variant)} | ${units} | ${liftInWords(relativeLift)} |`,
  );
  const gates = scorecard.gates.map((gate) => `- ${gate.gate} ${gate.status}: ${inline(gate.reason)}`);
  const table =
    rows.length === 0 ? [] : ['| metric | role | variant | units | lift |', '|---|---|---|---|---|', ...rows, ''];
  const heading = `Scorecard of ${iso(scorecard.computedAtMs)}: **${scorecard.verdict}**. ${inline(scorecard.summary)}`;
  return [heading, '', ...table, ...gates].join('\n');
}

function liftInWords(lift: { estimate: number; lower: number; upper: number } | null): string {
  if (lift === null) return 'not to be had';
  return `${percent(lift.estimate)} (${percent(lift.lower)} to ${percent(lift.upper)})`;
}

function percent(ratio: number): string {
  return `${ratio < 0 ? '' : '+'}${(ratio * 100).toFixed(2)} %`;
}

function timelineList(state: ExperimentState): string {
  return state.timeline.map(({ atMs, what }) => `- ${iso(atMs)} ${inline(what)}`).join('\n');
}

export function inWords(ms: number): string {
  if (ms >= 86_400_000 && ms % 3_600_000 === 0) return `${Number((ms / 86_400_000).toFixed(2))} d`;
  if (ms >= 3_600_000) return `${Number((ms / 3_600_000).toFixed(2))} h`;
  if (ms >= 60_000) return `${Number((ms / 60_000).toFixed(2))} min`;
  return `${ms / 1000} s`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Text that people wrote must not break the page. */
function inline(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
}
