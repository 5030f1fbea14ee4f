import { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Flag, Rollout, Rule, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileRuleset } from './compile.ts';
import type { EvaluateOptions, Evaluation, EvaluationContext } from './evaluation.ts';
import { explainCondition } from './explain-condition.ts';
import { explainExperiment, killText, type ExplainedRule, type Situation } from './explain-experiment.ts';
import { explainSplit, explainUnit, pointOf } from './explain-split.ts';
import { condition, decides, fact, type Explanation, type ExplanationStep } from './explanation.ts';
import { failure, outcomesOf } from './outcomes.ts';
import { RulesetIndex } from './ruleset-index.ts';

/**
 * Explains step by step which variant of a flag a context gets: the same answer as `compileRuleset(ruleset).evaluate`, found by reading the
 * ruleset instead of running its closures. Slow, for people.
 *
 * @throws InvalidRulesetError naming everything that is wrong
 */
export function explain(
  ruleset: Ruleset,
  flagKey: string,
  context: EvaluationContext,
  options?: EvaluateOptions,
): Explanation {
  compileRuleset(ruleset);
  const index = new RulesetIndex(ruleset, []);
  const flag = index.flags.get(flagKey);
  const { evaluation, steps } = flag === undefined ? noFlag(flagKey) : explainFlag(flag, { context, options, index });
  return { rulesetVersion: ruleset.version, evaluation, steps };
}

interface Explained {
  readonly evaluation: Evaluation;
  readonly steps: readonly ExplanationStep[];
}

function noFlag(flagKey: string): Explained {
  const message = `there is no flag "${flagKey}"; define it, or correct its key`;
  const evaluation = failure(flagKey, ErrorCode.ERROR_CODE_FLAG_NOT_FOUND, message);
  return { evaluation, steps: [decides(`${message}; the code's own default is used`)] };
}

function explainFlag(flag: Flag, parts: Omit<Situation, 'outcomes'>): Explained {
  const situation = { ...parts, outcomes: outcomesOf(flag) };
  const { index, outcomes } = situation;
  if (index.killedFlags.has(flag.key)) {
    const text = `the flag is killed: its control variant "${flag.controlVariant}" (${killText(index, 'flagKey', flag.key)})`;
    return { evaluation: outcomes.control(Reason.REASON_KILLED), steps: [decides(text)] };
  }
  if (!flag.enabled) {
    const text = `the flag is off: its control variant "${flag.controlVariant}"`;
    return { evaluation: outcomes.control(Reason.REASON_DISABLED), steps: [decides(text)] };
  }
  return explainRules(flag, situation);
}

/** A rule that lacks its unit does not decide; where no later rule does either, that is the answer. */
function explainRules(flag: Flag, situation: Situation): Explained {
  const steps: ExplanationStep[] = [fact('the flag is on and not killed')];
  let missing: Evaluation | undefined;
  for (const [position, rule] of flag.rules.entries()) {
    const explained = explainRule(rule, situation);
    const isDecisive = explained.decided !== undefined && explained.decided.variant !== null;
    const next = isDecisive ? '' : ', which does not decide';
    steps.push(condition(isDecisive, `rule ${position + 1}, ${rule.key}${servesText(rule)}${next}`, explained.steps));
    if (explained.decided === undefined) continue;
    if (isDecisive) return { evaluation: explained.decided, steps };
    missing ??= explained.decided;
  }
  if (missing !== undefined) {
    steps.push(decides(`no rule could decide: ${missing.errorMessage}; the code's own default is used`));
    return { evaluation: missing, steps };
  }
  steps.push(decides(`no rule decides: its control variant "${flag.controlVariant}"`));
  return { evaluation: situation.outcomes.control(Reason.REASON_DEFAULT), steps };
}

function servesText({ outcome }: Rule): string {
  if (outcome?.$case === 'experimentKey') return ` (experiment ${outcome.value})`;
  return outcome?.$case === 'rollout' ? ' (rollout)' : '';
}

function explainRule(rule: Rule, situation: Situation): ExplainedRule {
  const steps: ExplanationStep[] = [];
  if (rule.condition !== undefined) {
    const { holds, step } = explainCondition(rule.condition, situation.context, situation.index);
    steps.push(condition(holds, 'the rule is for this context', [step]));
    if (!holds) return { decided: undefined, steps };
  }
  const { decided, steps: rest } = explainOutcome(rule, situation);
  return { decided, steps: [...steps, ...rest] };
}

function explainOutcome({ outcome }: Rule, situation: Situation): ExplainedRule {
  switch (outcome?.$case) {
    case undefined:
      return { decided: undefined, steps: [fact('it serves nothing')] };
    case 'variant': {
      const decided = situation.outcomes.serve(outcome.value, Reason.REASON_TARGETING_MATCH);
      return { decided, steps: [decides(`it always gives ${outcome.value}`)] };
    }
    case 'rollout':
      return explainRollout(outcome.value, situation);
    case 'experimentKey':
      return explainExperiment(outcome.value, situation);
  }
}

function explainRollout(
  { unitType, salt, variants }: Rollout,
  { context, options, outcomes }: Situation,
): ExplainedRule {
  const { unit, step } = explainUnit(context, unitType, options);
  if (unit === undefined) return { decided: outcomes.unitMissing(unitType), steps: [step] };
  const { variant, text } = explainSplit(variants, pointOf(salt, unit));
  const decided = outcomes.serve(variant, Reason.REASON_ROLLOUT, { unitType });
  return { decided, steps: [step, fact(text), decides(`the rollout gives ${variant}`)] };
}
