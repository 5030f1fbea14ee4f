import { number } from '../../causal/report/wording.ts';
import type { CausalReport, EffectReading } from '../../causal/report/report.ts';
import { alignedTable } from '../report/aligned-table.ts';
import { count, pValue } from '../report/numbers.ts';

const HEADLINES = {
  credible: 'CREDIBLE',
  fragile: 'FRAGILE: believe it only with what is said below',
  refused: 'REFUSED: there is no honest answer',
} as const;

/** A causal report for a terminal. */
export function causalText(report: CausalReport): string {
  const {
    status,
    finding,
    reasons,
    naive,
    methods,
    flow,
    checks,
    segments,
    overturnedBy,
    dataQuality,
    assumptions,
    nextSteps,
  } = report;
  const parts = [
    ...(finding === null ? [] : [finding]),
    [HEADLINES[status], ...reasons.map((reason) => `  ${reason}`)].join('\n'),
    ...(naive === null
      ? []
      : [
          `The plain difference of the groups is ${interval(naive)}: that is what the groups differ by anyway, and the effect.`,
        ]),
    ...(flow.length === 0 ? [] : [flowTable(report)]),
    ...(methods.length === 0 ? [] : [`${report.methodReason}\n${methodsTable(report)}`]),
    ...(report.balance.length === 0 ? [] : [balanceTable(report)]),
    ...(checks.length === 0
      ? []
      : [
          list(
            'attempts to refute it',
            checks.map(({ outcome, sentence }) => `${outcome}: ${sentence}`),
          ),
        ]),
    ...(segments.length === 0 ? [] : [segmentsTable(report)]),
    ...section('what would overturn it', overturnedBy),
    ...section('know about the data', dataQuality),
    ...section('what has to hold', assumptions),
    ...section(
      'what can be done',
      nextSteps.map(({ sentence }) => sentence),
    ),
  ];
  return parts.join('\n\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [list(title, lines)];
}

function list(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function flowTable({ flow }: CausalReport): string {
  return alignedTable(
    ['units', 'treated', 'controls'],
    flow.map(({ step, treated, controls }) => [step, count(treated), count(controls)]),
  );
}

function methodsTable({ methods, method: chosen }: CausalReport): string {
  return alignedTable(
    ['method', 'effect', 'p', 'treated', 'controls', 'count as', 'largest difference left', ''],
    methods.map(({ method, effect, treatedCount, controlCount, effectiveControlCount, largestDifference, reason }) => [
      `${method}${method === chosen ? ' *' : ''}`,
      effect === null ? '' : interval(effect),
      effect === null ? '' : pValue(effect.pValue),
      count(treatedCount),
      count(controlCount),
      count(effectiveControlCount),
      largestDifference === null ? '' : largestDifference.toFixed(3),
      reason ?? '',
    ]),
  );
}

function balanceTable({ balance }: CausalReport): string {
  return alignedTable(
    ['covariate', 'treated', 'controls', 'difference before', 'after', ''],
    balance.map(({ covariate, before, after }) => [
      covariate,
      number(before.treatedMean),
      number(before.controlMean),
      before.standardizedDifference.toFixed(3),
      after === null ? '' : after.standardizedDifference.toFixed(3),
      after !== null && Math.abs(after.standardizedDifference) > 0.1 ? 'NOT BALANCED' : '',
    ]),
  );
}

function segmentsTable({ segments }: CausalReport): string {
  return alignedTable(
    ['segment', 'treated', 'controls', 'effect', 'adjusted p'],
    segments.map(({ segment, value, treated, controls, effect, adjustedPValue }) => [
      `${segment} = ${value}`,
      count(treated),
      count(controls),
      interval(effect),
      pValue(adjustedPValue),
    ]),
  );
}

function interval({ estimate, lower, upper }: EffectReading): string {
  return `${number(estimate)} (${number(lower)} to ${number(upper)})`;
}
