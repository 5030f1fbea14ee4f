import { ErrorCode, Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Flag, Rule, Ruleset } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { checkStructure } from './check-structure.ts';
import { compileCondition, type Predicate } from './condition.ts';
import { InvalidRulesetError, type EvaluateOptions, type Evaluation, type EvaluationContext } from './evaluation.ts';
import { compileExperimentRule } from './experiment-rule.ts';
import { failure, outcomesOf, type Outcomes } from './outcomes.ts';
import { compileSimpleRule, type CompiledRule } from './rule.ts';
import { RulesetIndex } from './ruleset-index.ts';
import { unitIdIn } from './unit.ts';

/** A ruleset as closures. Immutable; deciding allocates nothing. */
export interface CompiledRuleset {
  readonly version: number;
  readonly ruleset: Ruleset;
  /** Decides one flag for one context. Never throws: what is wrong comes as `REASON_ERROR` with a code and a sentence. No side effect. */
  evaluate(flagKey: string, context: EvaluationContext, options?: EvaluateOptions): Evaluation;
  /** The id that was hashed for an evaluation; `null` where none was. */
  unitIdOf(evaluation: Evaluation, context: EvaluationContext, options?: EvaluateOptions): string | null;
}

type CompiledFlag = (context: Readonly<Record<string, unknown>>, options: EvaluateOptions | undefined) => Evaluation;

/**
 * Checks a ruleset and compiles it.
 *
 * @throws InvalidRulesetError naming everything that is wrong
 */
export function compileRuleset(ruleset: Ruleset): CompiledRuleset {
  const problems: string[] = [];
  const index = new RulesetIndex(ruleset, problems);
  checkStructure(index, problems);
  if (problems.length > 0) throw new InvalidRulesetError(problems);
  const segments = segmentCompiler(index, problems);
  const flags = new Map(ruleset.flags.map((flag) => [flag.key, compileFlag(flag, index, segments, problems)]));
  for (const { key } of ruleset.segments) segments(key);
  if (problems.length > 0) throw new InvalidRulesetError(problems);
  return {
    version: ruleset.version,
    ruleset,
    evaluate: (flagKey, context, options) => evaluate(flags, flagKey, context, options),
    unitIdOf: ({ unitType }, context, options) =>
      unitType === null ? null : (unitIdIn(context, unitType, options) ?? null),
  };
}

function evaluate(
  flags: ReadonlyMap<string, CompiledFlag>,
  flagKey: string,
  context: EvaluationContext,
  options: EvaluateOptions | undefined,
): Evaluation {
  const flag = flags.get(flagKey);
  if (flag === undefined) {
    return failure(
      flagKey,
      ErrorCode.ERROR_CODE_FLAG_NOT_FOUND,
      `there is no flag "${flagKey}"; define it, or correct its key`,
    );
  }
  if (typeof context !== 'object' || context === null) return invalidContext(flagKey, `it is ${String(context)}`);
  try {
    return flag(context, options);
  } catch (error) {
    // A getter or a proxy of the caller's threw: a decision still has to come.
    return invalidContext(flagKey, `reading it failed: ${String(error)}`);
  }
}

function invalidContext(flagKey: string, why: string): Evaluation {
  const message = `the context for flag "${flagKey}" is not usable: ${why}; give an object of attributes`;
  return failure(flagKey, ErrorCode.ERROR_CODE_INVALID_CONTEXT, message);
}

function compileFlag(flag: Flag, index: RulesetIndex, segments: SegmentLookup, problems: string[]): CompiledFlag {
  const outcomes = outcomesOf(flag);
  if (index.killedFlags.has(flag.key)) return always(outcomes.control(Reason.REASON_KILLED));
  if (!flag.enabled) return always(outcomes.control(Reason.REASON_DISABLED));
  const rules = flag.rules.map((rule) => compileRule(flag, rule, { index, segments, outcomes, problems }));
  return firstToDecide(rules, outcomes.control(Reason.REASON_DEFAULT));
}

function always(evaluation: Evaluation): CompiledFlag {
  return () => evaluation;
}

/** A rule that lacks its unit does not decide; where no later rule does either, that is the answer. */
function firstToDecide(rules: readonly CompiledRule[], otherwise: Evaluation): CompiledFlag {
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

interface RuleParts {
  readonly index: RulesetIndex;
  readonly segments: SegmentLookup;
  readonly outcomes: Outcomes;
  readonly problems: string[];
}

function compileRule(flag: Flag, rule: Rule, { index, segments, outcomes, problems }: RuleParts): CompiledRule {
  const place = `flag ${flag.key}: rule ${rule.key}`;
  const condition = rule.condition === undefined ? null : compileCondition(rule.condition, place, segments, problems);
  if (rule.outcome?.$case !== 'experimentKey') return compileSimpleRule(rule, condition, outcomes);
  const { experiment, layer } = index.experimentOf(rule.outcome.value);
  const targeting =
    experiment.targeting === undefined
      ? null
      : compileCondition(experiment.targeting, `experiment ${experiment.key}: targeting`, segments, problems);
  const decide = compileExperimentRule({
    experiment,
    layer,
    targeting,
    holdouts: index.holdoutsOf(experiment.key),
    isKilled: index.killedExperiments.has(experiment.key),
    outcomes,
  });
  if (condition === null) return decide;
  return (context, options) => (condition(context) ? decide(context, options) : undefined);
}

type SegmentLookup = (key: string) => Predicate | undefined;

/** Compiles each segment once, when it is first needed; one that contains itself is not to be had. */
function segmentCompiler(index: RulesetIndex, problems: string[]): SegmentLookup {
  const compiled = new Map<string, Predicate | undefined>();
  const lookup: SegmentLookup = (key) => {
    if (compiled.has(key)) return compiled.get(key);
    const segment = index.segments.get(key);
    if (segment === undefined) return undefined;
    compiled.set(key, undefined);
    compiled.set(key, compileCondition(segment.condition, `segment ${key}`, lookup, problems));
    return compiled.get(key);
  };
  return lookup;
}
