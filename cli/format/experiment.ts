import type { Experiment } from '@third-umpire/proto/umpire/control/v1/control';
import { table } from './table.ts';

export function experimentTable(experiments: readonly Experiment[]): string {
  const rows = experiments.map((experiment) => [
    experiment.key,
    statusText(experiment),
    stageText(experiment),
    `${experiment.enrolledBasisPoints / 100} %`,
    String(experiment.epoch),
    experiment.statusReason,
  ]);
  const none = 'there is no experiment yet; store one with: umpire experiment put FILE --reason "…"';
  return table(['experiment', 'status', 'stage', 'enrolled', 'epoch', 'why'], rows, none);
}

export function experimentText(experiment: Experiment): string {
  const { key, startedAt, analysisClosedAt, shippedVariant, workflowId } = experiment;
  const lines = [
    `${key}: ${statusText(experiment)}`,
    `  why        ${experiment.statusReason === '' ? 'no reason is recorded' : experiment.statusReason}`,
    `  stage      ${stageText(experiment)}, ${experiment.enrolledBasisPoints / 100} % enrolled, epoch ${experiment.epoch}`,
  ];
  if (startedAt !== undefined) lines.push(`  started    ${startedAt.toISOString()}`);
  if (analysisClosedAt !== undefined)
    lines.push(`  closed     ${analysisClosedAt.toISOString()} (no later exposure is analysed)`);
  if (shippedVariant !== '') lines.push(`  shipped    ${shippedVariant}`);
  lines.push(`  workflow   ${workflowId}`);
  return lines.join('\n');
}

/** With the status as a plain word. */
export function experimentJson(experiment: Experiment): object {
  const { shippedVariant, startedAt, analysisClosedAt } = experiment;
  return {
    ...experiment,
    status: statusWord(experiment),
    shippedVariant: shippedVariant === '' ? null : shippedVariant,
    startedAt: startedAt ?? null,
    analysisClosedAt: analysisClosedAt ?? null,
  };
}

function statusText(experiment: Experiment): string {
  return `${statusWord(experiment)}${experiment.isKilled ? ', killed' : ''}`;
}

function statusWord({ status }: Experiment): string {
  return status.replace('LIFECYCLE_STATUS_', '').toLowerCase().replaceAll('_', '-');
}

function stageText({ stage, stageCount }: Experiment): string {
  return `${stage} of ${stageCount}`;
}
