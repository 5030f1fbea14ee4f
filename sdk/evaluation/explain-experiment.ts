import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import { ExperimentStatus, type Kill } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { isReserved } from './enrolment.ts';
import type { EvaluateOptions, Evaluation, EvaluationContext } from './evaluation.ts';
import { explainCondition } from './explain-condition.ts';
import { explainEnrolment, explainSplit, explainUnit, pointOf, rangesText } from './explain-split.ts';
import { condition, decides, fact, figure, type ExplanationStep } from './explanation.ts';
import type { Outcomes } from './outcomes.ts';
import type { RulesetIndex } from './ruleset-index.ts';
import { windowUnit } from './window.ts';

export interface ExplainedRule {
  /** `undefined`: it goes on with the next rule. */
  readonly decided: Evaluation | undefined;
  readonly steps: readonly ExplanationStep[];
}

export interface Situation {
  readonly context: EvaluationContext;
  readonly options: EvaluateOptions | undefined;
  readonly index: RulesetIndex;
  readonly outcomes: Outcomes;
}

/** What an experiment does to a context: targeting, holdouts, then what its state says. */
export function explainExperiment(experimentKey: string, situation: Situation): ExplainedRule {
  const { context, options, index, outcomes } = situation;
  const { experiment, layer } = index.experimentOf(experimentKey);
  const steps: ExplanationStep[] = [];
  if (experiment.targeting !== undefined) {
    const { holds, step } = explainCondition(experiment.targeting, context, index);
    steps.push(condition(holds, 'the experiment is for this context', [step]));
    if (!holds) return { decided: undefined, steps };
  }
  const { unit: id, step } = explainUnit(context, layer.unitType, options);
  const { unit, steps: ofWindow } = explainWindow(id, experiment.switchbackWindowMs, options);
  steps.push(step, ...ofWindow);
  if (unit === undefined) return { decided: outcomes.unitMissing(layer.unitType), steps };
  const holdouts = explainHoldouts(experimentKey, situation);
  steps.push(...holdouts.steps);
  const source = { unitType: layer.unitType, experiment };
  if (holdouts.isHeldOut) {
    return decidedBy(steps, 'held out of experiments: control', outcomes.control(Reason.REASON_HOLDOUT, source));
  }
  const isShipped = experiment.status === ExperimentStatus.EXPERIMENT_STATUS_SHIPPED;
  const rest = isShipped
    ? explainShipped(experimentKey, unit, situation)
    : explainEnrolled(experimentKey, unit, situation);
  return { decided: rest.decided, steps: [...steps, ...rest.steps] };
}

/** The time window, where it is a part of the unit. */
function explainWindow(id: string | undefined, windowMs: number, options: EvaluateOptions | undefined) {
  if (id === undefined || windowMs === 0) return { unit: id, steps: [] };
  const nowMs = options?.clock?.();
  if (nowMs === undefined) return { unit: undefined, steps: [fact('no clock tells which time window it is')] };
  const unit = windowUnit(id, windowMs, nowMs);
  const since = new Date(Math.floor(nowMs / windowMs) * windowMs).toISOString();
  return { unit, steps: [fact(`it is a switchback: the unit is the window since ${since}, "${unit}"`)] };
}

function decidedBy(steps: readonly ExplanationStep[], text: string, decided: Evaluation): ExplainedRule {
  return { decided, steps: [...steps, decides(text)] };
}

function explainHoldouts(experimentKey: string, { context, options, index }: Situation) {
  const steps: ExplanationStep[] = [];
  let isHeldOut = false;
  for (const { key, unitType, salt, buckets } of index.holdoutsOf(experimentKey)) {
    const { unit, step } = explainUnit(context, unitType, options);
    if (unit === undefined) {
      steps.push(condition(false, `holdout ${key}`, [step]));
      continue;
    }
    const bucket = pointOf(salt, unit);
    const isIn = isReserved(buckets, bucket);
    isHeldOut ||= isIn;
    steps.push(condition(isIn, `in holdout ${key}: bucket ${figure(bucket)}, held out are ${rangesText(buckets)}`));
  }
  return { isHeldOut, steps };
}

function explainShipped(experimentKey: string, unit: string, { index, outcomes }: Situation): ExplainedRule {
  const { experiment, layer } = index.experimentOf(experimentKey);
  const { shippedVariant, holdbackBasisPoints, enrolmentSalt } = experiment;
  const source = { unitType: layer.unitType, experiment };
  if (index.killedExperiments.has(experimentKey)) {
    const text = `it was shipped, but is killed: control (${killText(index, 'experimentKey', experimentKey)})`;
    return decidedBy([], text, outcomes.control(Reason.REASON_KILLED, source));
  }
  const shipped = outcomes.serve(shippedVariant, Reason.REASON_SHIPPED, source);
  if (holdbackBasisPoints === 0) return decidedBy([], `shipped to everybody: ${shippedVariant}`, shipped);
  const point = pointOf(`${enrolmentSalt}:holdback`, unit);
  const isHeldBack = point < holdbackBasisPoints;
  const steps = [
    condition(
      isHeldBack,
      `in the holdback: point ${figure(point)}, held back are those below ${figure(holdbackBasisPoints)}`,
    ),
  ];
  if (isHeldBack) return decidedBy(steps, 'held back: control', outcomes.control(Reason.REASON_HOLDBACK, source));
  return decidedBy(steps, `shipped to all others: ${shippedVariant}`, shipped);
}

function explainEnrolled(experimentKey: string, unit: string, { index, outcomes, options }: Situation): ExplainedRule {
  const { experiment, layer } = index.experimentOf(experimentKey);
  const source = { unitType: layer.unitType, experiment };
  const { isEnrolled, text } = explainEnrolment(experiment, pointOf(layer.salt, unit));
  const steps = [condition(isEnrolled, text)];
  if (!isEnrolled) return { decided: undefined, steps };
  if (index.killedExperiments.has(experimentKey)) {
    const killed = `the experiment is killed: control (${killText(index, 'experimentKey', experimentKey)})`;
    return decidedBy(steps, killed, outcomes.control(Reason.REASON_KILLED, source));
  }
  if (experiment.status !== ExperimentStatus.EXPERIMENT_STATUS_RUNNING) {
    return decidedBy(steps, 'the experiment has ended: control', outcomes.control(Reason.REASON_ENDED, source));
  }
  if (options?.isStale === true) {
    const stale = 'the ruleset is too old to be trusted with an experiment: control';
    return decidedBy(steps, stale, outcomes.control(Reason.REASON_STALE, source));
  }
  const split = explainSplit(experiment.variants, pointOf(experiment.variantSalt, unit));
  const decided = outcomes.serve(split.variant, Reason.REASON_SPLIT, source);
  return decidedBy([...steps, fact(split.text)], `the split gives ${split.variant}`, decided);
}

/** Who killed it and why, of every kill in force. */
export function killText(index: RulesetIndex, target: 'flagKey' | 'experimentKey', key: string): string {
  const kills = index.ruleset.kills.filter((kill: Kill) => kill.target?.$case === target && kill.target.value === key);
  return kills.map(({ killId, actor, reason }) => `kill ${killId} by ${actor}: ${reason}`).join('; ');
}
