import { Reason } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { Rollout, Rule } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { Predicate } from './condition.ts';
import type { EvaluateOptions, Evaluation } from './evaluation.ts';
import { saltedPoint } from './murmur3.ts';
import { splitOf, type Outcomes } from './outcomes.ts';
import { unitIdIn } from './unit.ts';

/** Decides, or passes on to the next rule with `undefined`. */
export type CompiledRule = (
  context: Readonly<Record<string, unknown>>,
  options: EvaluateOptions | undefined,
) => Evaluation | undefined;

/** Compiles a rule that names a variant or a rollout. */
export function compileSimpleRule(rule: Rule, condition: Predicate | null, outcomes: Outcomes): CompiledRule {
  const decide = decisionOf(rule, outcomes);
  if (condition === null) return decide;
  return (context, options) => (condition(context) ? decide(context, options) : undefined);
}

function decisionOf({ outcome }: Rule, outcomes: Outcomes): CompiledRule {
  if (outcome?.$case === 'rollout') return rolloutRule(outcome.value, outcomes);
  if (outcome?.$case !== 'variant') return () => undefined;
  const evaluation = outcomes.serve(outcome.value, Reason.REASON_TARGETING_MATCH);
  return () => evaluation;
}

function rolloutRule({ unitType, salt, variants }: Rollout, outcomes: Outcomes): CompiledRule {
  const point = saltedPoint(salt);
  const missing = outcomes.unitMissing(unitType);
  const split = splitOf(variants, (variant) => outcomes.serve(variant, Reason.REASON_ROLLOUT, { unitType }));
  return (context, options) => {
    const unit = unitIdIn(context, unitType, options);
    return unit === undefined ? missing : split(point(unit));
  };
}
