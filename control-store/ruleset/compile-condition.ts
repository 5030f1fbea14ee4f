import { type Condition, Operator, type AttributeValue } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import type { ConditionDefinition, OperatorName } from '../../definitions/flag.ts';

/** A definition's condition as the ruleset has it. */
export function compileCondition(condition: ConditionDefinition): Condition {
  if ('all' in condition) return list('all', condition.all);
  if ('any' in condition) return list('any', condition.any);
  if ('not' in condition) return { kind: { $case: 'not', value: compileCondition(condition.not) } };
  if ('segment' in condition) return { kind: { $case: 'segmentKey', value: condition.segment } };
  const { attribute, operator, values } = condition;
  return {
    kind: {
      $case: 'comparison',
      value: { attribute, operator: OPERATORS[operator], values: values.map(compileValue) },
    },
  };
}

function list($case: 'all' | 'any', conditions: readonly ConditionDefinition[]): Condition {
  return { kind: { $case, value: { conditions: conditions.map(compileCondition) } } };
}

function compileValue(value: string | number | boolean): AttributeValue {
  if (typeof value === 'string') return { kind: { $case: 'stringValue', value } };
  if (typeof value === 'number') return { kind: { $case: 'numberValue', value } };
  return { kind: { $case: 'boolValue', value } };
}

const OPERATORS: Record<OperatorName, Operator> = {
  equals: Operator.OPERATOR_EQUALS,
  not_equals: Operator.OPERATOR_NOT_EQUALS,
  in: Operator.OPERATOR_IN,
  not_in: Operator.OPERATOR_NOT_IN,
  less_than: Operator.OPERATOR_LESS_THAN,
  less_than_or_equal: Operator.OPERATOR_LESS_THAN_OR_EQUAL,
  greater_than: Operator.OPERATOR_GREATER_THAN,
  greater_than_or_equal: Operator.OPERATOR_GREATER_THAN_OR_EQUAL,
  semver_equals: Operator.OPERATOR_SEMVER_EQUALS,
  semver_less_than: Operator.OPERATOR_SEMVER_LESS_THAN,
  semver_less_than_or_equal: Operator.OPERATOR_SEMVER_LESS_THAN_OR_EQUAL,
  semver_greater_than: Operator.OPERATOR_SEMVER_GREATER_THAN,
  semver_greater_than_or_equal: Operator.OPERATOR_SEMVER_GREATER_THAN_OR_EQUAL,
  before: Operator.OPERATOR_BEFORE,
  after: Operator.OPERATOR_AFTER,
  contains: Operator.OPERATOR_CONTAINS,
  starts_with: Operator.OPERATOR_STARTS_WITH,
  ends_with: Operator.OPERATOR_ENDS_WITH,
  exists: Operator.OPERATOR_EXISTS,
  not_exists: Operator.OPERATOR_NOT_EXISTS,
};
