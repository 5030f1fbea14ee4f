/** A variant's value: boolean, text, number or any JSON. */
export type VariantValue =
  string | number | boolean | null | readonly VariantValue[] | { readonly [key: string]: VariantValue };

/** Operators as definitions spell them; `umpire.flags.v1.Operator` in lower snake case without its prefix. */
export type OperatorName =
  | 'equals'
  | 'not_equals'
  | 'in'
  | 'not_in'
  | 'less_than'
  | 'less_than_or_equal'
  | 'greater_than'
  | 'greater_than_or_equal'
  | 'semver_equals'
  | 'semver_less_than'
  | 'semver_less_than_or_equal'
  | 'semver_greater_than'
  | 'semver_greater_than_or_equal'
  | 'before'
  | 'after'
  | 'contains'
  | 'starts_with'
  | 'ends_with'
  | 'exists'
  | 'not_exists';

/** A condition as definitions write it. */
export type ConditionDefinition =
  | { readonly all: readonly ConditionDefinition[] }
  | { readonly any: readonly ConditionDefinition[] }
  | { readonly not: ConditionDefinition }
  | { readonly segment: string }
  | {
      readonly attribute: string;
      readonly operator: OperatorName;
      readonly values: readonly (string | number | boolean)[];
    };

export interface FlagDefinition {
  readonly kind: 'flag';
  readonly key: string;
  readonly owner: string;
  readonly type: 'boolean' | 'string' | 'number' | 'json';
  readonly variants: readonly { readonly key: string; readonly value: VariantValue }[];
  readonly control: string;
  readonly enabled: boolean;
  readonly rules: readonly FlagRule[];
}

/** The first rule that decides wins. An experiment on the flag is evaluated after the rules. */
export interface FlagRule {
  readonly key: string;
  readonly when: ConditionDefinition | null;
  readonly serve:
    | { readonly variant: string }
    | {
        readonly rollout: {
          readonly unit: string;
          readonly weights: readonly { readonly variant: string; readonly weightBasisPoints: number }[];
        };
      };
}

export interface SegmentDefinition {
  readonly kind: 'segment';
  readonly key: string;
  readonly owner: string;
  readonly when: ConditionDefinition;
}

export interface LayerDefinition {
  readonly kind: 'layer';
  readonly key: string;
  readonly owner: string;
  readonly unit: string;
}

export interface HoldoutDefinition {
  readonly kind: 'holdout';
  readonly key: string;
  readonly owner: string;
  readonly unit: string;
  readonly percent: number;
  /** Experiments that it covers; empty: all. */
  readonly experiments: readonly string[];
}
