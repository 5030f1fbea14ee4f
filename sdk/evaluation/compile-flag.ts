import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Condition, Flag, Rule } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileCondition, type Predicate } from './condition.ts';
import type { EvaluateOptions, Evaluation } from './evaluation.ts';
import { compileExperimentRule } from './experiment-rule.ts';
import { outcomesOf, type Outcomes } from './outcomes.ts';
import { compileSimpleRule, type CompiledRule } from './rule.ts';
import type { RulesetIndex } from './ruleset-index.ts';
import type { Segments } from './segments.ts';

export interface CompiledFlag {
  readonly decide: (context: Readonly<Record<string, unknown>>, options: EvaluateOptions | undefined) => Evaluation;
  readonly usesSegments: boolean;
}

export interface FlagParts {
  readonly index: RulesetIndex;
  readonly segments: Segments;
  readonly problems: string[];
}

/** Whether a flag would come out the same in `index` as it did in `before`, segments and holdouts apart. */
export function isUnchanged(flag: Flag, index: RulesetIndex, before: RulesetIndex): boolean {
  if (before.flags.get(flag.key) !== flag) return false;
  if (index.killedFlags.has(flag.key) !== before.killedFlags.has(flag.key)) return false;
  for (const { outcome } of flag.rules) {
    if (outcome?.$case !== 'experimentKey') continue;
    const key = outcome.value;
    const experiment = index.experiments.get(key);
    if (experiment === undefined || experiment !== before.experiments.get(key)) return false;
    if (index.layers.get(experiment.layerKey) !== before.layers.get(experiment.layerKey)) return false;
    if (index.killedExperiments.has(key) !== before.killedExperiments.has(key)) return false;
  }
  return true;
}

export function compileFlag(flag: Flag, parts: FlagParts): CompiledFlag {
  const usesBefore = parts.segments.uses;
  const outcomes = outcomesOf(flag);
  // Also those of a flag that is off or killed: what would be refused once it is on is refused now.
  const rules = flag.rules.map((rule) => compileRule(flag, rule, outcomes, parts));
  const usesSegments = parts.segments.uses > usesBefore;
  return { decide: decisionOf(flag, rules, outcomes, parts.index), usesSegments };
}

function decisionOf(
  flag: Flag,
  rules: readonly CompiledRule[],
  outcomes: Outcomes,
  index: RulesetIndex,
): CompiledFlag['decide'] {
  if (index.killedFlags.has(flag.key)) return always(outcomes.control(Reason.REASON_KILLED));
  if (!flag.enabled) return always(outcomes.control(Reason.REASON_DISABLED));
  return firstToDecide(rules, outcomes.control(Reason.REASON_DEFAULT));
}

function always(evaluation: Evaluation): CompiledFlag['decide'] {
  return () => evaluation;
}

/** A rule that lacks its unit does not decide; where no later rule does either, that is the answer. */
function firstToDecide(rules: readonly CompiledRule[], otherwise: Evaluation): CompiledFlag['decide'] {
  const [only] = rules;
  if (only === undefined) return always(otherwise);
  if (rules.length === 1) return (context, options) => only(context, options) ?? otherwise;
  return (context, options) => {
    let missing: Evaluation | undefined;
    for (const rule of rules) {
      const decided = rule(context, options);
      if (decided === undefined) continue;
      if (decided.variant !== null) return decided;
      missing ??= decided;
    }
    return missing ?? otherwise;
  };
}

function compileRule(
  flag: Flag,
  rule: Rule,
  outcomes: Outcomes,
  { index, segments, problems }: FlagParts,
): CompiledRule {
  const compile = (condition: Condition | undefined, place: string): Predicate | null =>
    condition === undefined
      ? null
      : compileCondition(condition, { place, problems, segment: segments.lookup }).predicate;
  const condition = compile(rule.condition, `flag ${flag.key}: rule ${rule.key}`);
  if (rule.outcome?.$case !== 'experimentKey') return compileSimpleRule(rule, condition, outcomes);
  const { experiment, layer } = index.experimentOf(rule.outcome.value);
  const decide = compileExperimentRule({
    experiment,
    layer,
    targeting: compile(experiment.targeting, `experiment ${experiment.key}: targeting`),
    holdouts: index.holdoutsOf(experiment.key),
    isKilled: index.killedExperiments.has(experiment.key),
    outcomes,
  });
  if (condition === null) return decide;
  return (context, options) => (condition(context) ? decide(context, options) : undefined);
}
