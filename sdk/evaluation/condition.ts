import type { Condition, ConditionList } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileComparison } from './comparison.ts';

/** Whether a context meets a condition. */
export type Predicate = (context: Readonly<Record<string, unknown>>) => boolean;

/** A compiled condition, and how deeply it is nested: deciding must never run out of stack. */
export interface CompiledCondition {
  readonly predicate: Predicate;
  readonly depth: number;
}

/** Where a condition stands, and what it may refer to. */
export interface ConditionScope {
  /** For messages. */
  readonly place: string;
  readonly problems: string[];
  /** `undefined` for a segment that does not exist or that contains itself. */
  segment(key: string, remainingDepth: number): CompiledCondition | undefined;
}

/** Conditions within conditions, segments included. */
export const MAX_DEPTH = 64;

/** Compiles a condition. What is wrong is added to the scope's problems, with the place. */
export function compileCondition(
  condition: Condition | undefined,
  scope: ConditionScope,
  remainingDepth = MAX_DEPTH,
): CompiledCondition {
  if (remainingDepth <= 0) return refused(scope, `conditions are nested more than ${MAX_DEPTH} deep`);
  const kind = condition?.kind;
  switch (kind?.$case) {
    case undefined:
      return refused(scope, 'the condition is empty');
    case 'comparison':
      return { predicate: compileComparison(kind.value, scope.place, scope.problems), depth: 1 };
    case 'not': {
      const { predicate, depth } = compileCondition(kind.value, scope, remainingDepth - 1);
      return { predicate: (context) => !predicate(context), depth: depth + 1 };
    }
    case 'all':
      return compileList(kind.value, all, scope, remainingDepth);
    case 'any':
      return compileList(kind.value, any, scope, remainingDepth);
    case 'segmentKey': {
      const segment = scope.segment(kind.value, remainingDepth - 1);
      if (segment === undefined) return refused(scope, `there is no segment "${kind.value}", or it contains itself`);
      if (segment.depth >= remainingDepth) return refused(scope, `segments are nested more than ${MAX_DEPTH} deep`);
      return { predicate: segment.predicate, depth: segment.depth + 1 };
    }
  }
}

function compileList(
  { conditions }: ConditionList,
  join: (parts: readonly Predicate[]) => Predicate,
  scope: ConditionScope,
  remainingDepth: number,
): CompiledCondition {
  const parts = conditions.map((each) => compileCondition(each, scope, remainingDepth - 1));
  const depth = parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0);
  return { predicate: join(parts.map(({ predicate }) => predicate)), depth: depth + 1 };
}

/** Short lists get a closure of their own: calling through an array costs more than most comparisons. */
function all(parts: readonly Predicate[]): Predicate {
  const [a, b, c] = parts;
  if (a === undefined) return () => true;
  if (b === undefined) return a;
  if (c === undefined) return (context) => a(context) && b(context);
  if (parts.length === 3) return (context) => a(context) && b(context) && c(context);
  return (context) => parts.every((part) => part(context));
}

function any(parts: readonly Predicate[]): Predicate {
  const [a, b, c] = parts;
  if (a === undefined) return never;
  if (b === undefined) return a;
  if (c === undefined) return (context) => a(context) || b(context);
  return (context) => parts.some((part) => part(context));
}

const never: Predicate = () => false;

function refused({ place, problems }: ConditionScope, problem: string): CompiledCondition {
  problems.push(`${place}: ${problem}`);
  return { predicate: never, depth: 1 };
}
