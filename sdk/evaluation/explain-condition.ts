import {
  Operator,
  type AttributeValue,
  type Comparison,
  type Condition,
} from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileComparison } from './comparison.ts';
import type { EvaluationContext } from './evaluation.ts';
import { condition as step, type ExplanationStep } from './explanation.ts';
import type { RulesetIndex } from './ruleset-index.ts';

export interface ExplainedCondition {
  readonly holds: boolean;
  readonly step: ExplanationStep;
}

/** Judges a condition of a checked ruleset part by part. Nothing is left out because an earlier part has decided already. */
export function explainCondition(
  condition: Condition | undefined,
  context: EvaluationContext,
  index: RulesetIndex,
): ExplainedCondition {
  const kind = condition?.kind;
  switch (kind?.$case) {
    case undefined:
      return explained(false, 'the condition is empty');
    case 'comparison':
      return explainComparison(kind.value, context);
    case 'not': {
      const inner = explainCondition(kind.value, context, index);
      return explained(!inner.holds, 'this must not hold', [inner]);
    }
    case 'all': {
      const parts = kind.value.conditions.map((each) => explainCondition(each, context, index));
      return explained(
        parts.every(({ holds }) => holds),
        'all of these must hold',
        parts,
      );
    }
    case 'any': {
      const parts = kind.value.conditions.map((each) => explainCondition(each, context, index));
      return explained(
        parts.some(({ holds }) => holds),
        'at least one of these must hold',
        parts,
      );
    }
    case 'segmentKey': {
      const inner = explainCondition(index.segments.get(kind.value)?.condition, context, index);
      return explained(inner.holds, `segment ${kind.value}`, [inner]);
    }
  }
}

function explained(holds: boolean, text: string, parts: readonly ExplainedCondition[] = []): ExplainedCondition {
  return {
    holds,
    step: step(
      holds,
      text,
      parts.map((part) => part.step),
    ),
  };
}

function explainComparison(comparison: Comparison, context: EvaluationContext): ExplainedCondition {
  const { attribute, operator, values } = comparison;
  const holds = compileComparison(comparison, attribute, [])(context);
  const wanted = [WORDS[operator] ?? operator, values.map(constantText).join(', ')].join(' ').trimEnd();
  const actual = context[attribute];
  const isAbsent = actual === undefined || actual === null;
  return explained(holds, `${attribute} ${wanted}; ${isAbsent ? 'the context has none' : `it is ${shown(actual)}`}`);
}

function constantText({ kind }: AttributeValue): string {
  if (kind === undefined) return 'nothing';
  return kind.$case === 'stringList' ? kind.value.values.map(shown).join(', ') : shown(kind.value);
}

/** Texts in quotes, so that `"7"` is told from `7`. */
function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

const WORDS: Readonly<Partial<Record<Operator, string>>> = {
  [Operator.OPERATOR_EQUALS]: 'is',
  [Operator.OPERATOR_NOT_EQUALS]: 'is there and is not',
  [Operator.OPERATOR_IN]: 'is one of',
  [Operator.OPERATOR_NOT_IN]: 'is there and is none of',
  [Operator.OPERATOR_LESS_THAN]: 'is a number below',
  [Operator.OPERATOR_LESS_THAN_OR_EQUAL]: 'is a number at most',
  [Operator.OPERATOR_GREATER_THAN]: 'is a number above',
  [Operator.OPERATOR_GREATER_THAN_OR_EQUAL]: 'is a number at least',
  [Operator.OPERATOR_SEMVER_EQUALS]: 'is the version',
  [Operator.OPERATOR_SEMVER_LESS_THAN]: 'is a version below',
  [Operator.OPERATOR_SEMVER_LESS_THAN_OR_EQUAL]: 'is a version at most',
  [Operator.OPERATOR_SEMVER_GREATER_THAN]: 'is a version above',
  [Operator.OPERATOR_SEMVER_GREATER_THAN_OR_EQUAL]: 'is a version at least',
  [Operator.OPERATOR_BEFORE]: 'is a time before',
  [Operator.OPERATOR_AFTER]: 'is a time after',
  [Operator.OPERATOR_CONTAINS]: 'contains',
  [Operator.OPERATOR_STARTS_WITH]: 'starts with',
  [Operator.OPERATOR_ENDS_WITH]: 'ends with',
  [Operator.OPERATOR_EXISTS]: 'is there',
  [Operator.OPERATOR_NOT_EXISTS]: 'is not there',
};
