import { ValueType, type Flag, type Rule } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { checkVariant, checkWeights } from './check-buckets.ts';
import { MAX_DEPTH } from './condition.ts';
import type { RulesetIndex } from './ruleset-index.ts';

const MATCHES_TYPE: ReadonlyMap<ValueType, (value: unknown) => boolean> = new Map([
  [ValueType.VALUE_TYPE_BOOLEAN, (value: unknown) => typeof value === 'boolean'],
  [ValueType.VALUE_TYPE_STRING, (value: unknown) => typeof value === 'string'],
  [ValueType.VALUE_TYPE_NUMBER, (value: unknown) => Number.isFinite(value)],
  [ValueType.VALUE_TYPE_JSON, (value: unknown) => isJson(value, MAX_DEPTH)],
]);

/** Adds to `problems` what is wrong with a flag and its rules. */
export function checkFlag(flag: Flag, index: RulesetIndex, problems: string[]): void {
  const place = `flag ${flag.key}`;
  const variants = new Set(flag.variants.map(({ key }) => key));
  if (variants.size < flag.variants.length) problems.push(`${place}: a variant is there twice`);
  if (!variants.has(flag.controlVariant)) {
    problems.push(`${place}: its control "${flag.controlVariant}" is not one of its variants`);
  }
  const matches = MATCHES_TYPE.get(flag.valueType);
  if (matches === undefined) problems.push(`${place}: the value type ${flag.valueType} is not known`);
  for (const { key, value } of flag.variants) {
    if (matches?.(value) === false) problems.push(`${place}: variant ${key} has a value of another type than the flag`);
  }
  const ruleKeys = new Set<string>();
  for (const rule of flag.rules) {
    if (ruleKeys.has(rule.key)) problems.push(`${place}: rule ${rule.key}: it is there twice`);
    ruleKeys.add(rule.key);
    checkOutcome(`${place}: rule ${rule.key}`, flag, rule, variants, index, problems);
  }
}

function checkOutcome(
  place: string,
  flag: Flag,
  { outcome }: Rule,
  variants: ReadonlySet<string>,
  index: RulesetIndex,
  problems: string[],
): void {
  switch (outcome?.$case) {
    case undefined:
      problems.push(`${place}: it serves nothing`);
      return;
    case 'variant':
      checkVariant(place, outcome.value, variants, problems);
      return;
    case 'rollout':
      if (outcome.value.unitType === '') problems.push(`${place}: the rollout names no unit`);
      if (outcome.value.salt === '') problems.push(`${place}: the rollout has no salt`);
      checkWeights(place, outcome.value.variants, variants, problems);
      return;
    case 'experimentKey':
      if (index.experiments.get(outcome.value)?.flagKey === flag.key) return;
      problems.push(`${place}: there is no experiment "${outcome.value}" on this flag`);
  }
}

/** Whether a value is JSON, and not so deep that reading it would run out of stack. */
function isJson(value: unknown, remainingDepth: number): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || remainingDepth === 0) return false;
  return Object.values(value).every((part) => isJson(part, remainingDepth - 1));
}
