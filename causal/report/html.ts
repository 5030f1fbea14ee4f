import { escape } from '../../report-page/markup.ts';
import { list, page, section, table } from '../../report-page/page.ts';
import { lovePlot, methodsPlot, overlapPlot } from './plots.ts';
import { sensitivityPlot } from './sensitivity-plot.ts';
import type { CausalReport, EffectReading } from './report.ts';
import { number } from './wording.ts';

/** A causal report as one HTML page that needs no network. */
export function causalHtml(report: CausalReport): string {
  const {
    finding,
    status,
    reasons,
    question,
    naive,
    flow,
    checks,
    segments,
    overturnedBy,
    dataQuality,
    assumptions,
    nextSteps,
  } = report;
  const robustness = report.sensitivity?.robustness ?? null;
  return page(`What ${question.treatment} does to ${question.outcome}`, [
    `<h1>${escape(`What ${question.treatment} does to ${question.outcome}`)}</h1>`,
    finding === null ? '' : `<p class="lead">${escape(finding)}</p>`,
    section(`Verdict: ${status}`, list(reasons)),
    report.methods.length === 0
      ? ''
      : section(
          'What each method says',
          `<p>${escape(report.methodReason)}</p>${methodsPlot(report)}${methodsTable(report)}${naive === null ? '' : `<p>${escape(`The plain difference of the groups is ${interval(naive)}: what the groups differ by anyway, and the effect.`)}</p>`}`,
        ),
    flow.length === 0
      ? ''
      : section(
          'Who was compared',
          table(
            ['units', 'treated', 'controls'],
            flow.map(({ step, treated, controls }) => [step, whole(treated), whole(controls)]),
          ),
        ),
    report.balance.length === 0 ? '' : section('Balance', lovePlot(report.balance) + balanceTable(report)),
    report.overlap === null ? '' : section('Overlap', overlapPlot(report)),
    checks.length === 0
      ? ''
      : section(
          'Attempts to refute it',
          table(
            ['attempt', 'outcome', ''],
            checks.map(({ check, outcome, sentence }) => [check, outcome, sentence]),
          ),
        ),
    segments.length === 0 ? '' : section('Segments', segmentsTable(report)),
    overturnedBy.length === 0
      ? ''
      : section(
          'What would overturn it',
          list(overturnedBy) + (robustness === null ? '' : sensitivityPlot(robustness, question.alpha)),
        ),
    dataQuality.length === 0 ? '' : section('Know about the data', list(dataQuality)),
    assumptions.length === 0 ? '' : section('What has to hold', list(assumptions)),
    nextSteps.length === 0
      ? ''
      : section(
          'What can be done',
          nextSteps
            .map(
              ({ sentence, document }) =>
                `<p>${escape(sentence)}</p>${document === null ? '' : `<pre>${escape(document)}</pre>`}`,
            )
            .join(''),
        ),
    section('To reproduce it', `<pre>${escape(JSON.stringify({ question, ...report.reproduce }, null, 2))}</pre>`),
  ]);
}

function methodsTable({ methods }: CausalReport): string {
  return table(
    ['method', 'effect', 'treated', 'controls', 'count as', 'largest difference left', ''],
    methods.map(({ method, effect, treatedCount, controlCount, effectiveControlCount, largestDifference, reason }) => [
      method,
      effect === null ? '' : interval(effect),
      whole(treatedCount),
      whole(controlCount),
      effectiveControlCount.toFixed(0),
      largestDifference === null ? '' : largestDifference.toFixed(3),
      reason ?? '',
    ]),
  );
}

function balanceTable({ balance }: CausalReport): string {
  return table(
    ['covariate', 'treated', 'controls', 'difference before', 'after'],
    balance.map(({ covariate, before, after }) => [
      covariate,
      number(before.treatedMean),
      number(before.controlMean),
      before.standardizedDifference.toFixed(3),
      after === null ? '' : after.standardizedDifference.toFixed(3),
    ]),
  );
}

function segmentsTable({ segments }: CausalReport): string {
  return table(
    ['segment', 'treated', 'controls', 'effect', 'adjusted p'],
    segments.map(({ segment, value, treated, controls, effect, adjustedPValue }) => [
      `${segment} = ${value}`,
      whole(treated),
      whole(controls),
      interval(effect),
      adjustedPValue.toPrecision(2),
    ]),
  );
}

function whole(count: number): string {
  return count.toLocaleString('en-GB');
}

function interval({ estimate, lower, upper }: EffectReading): string {
  return `${number(estimate)} (${number(lower)} to ${number(upper)})`;
}
