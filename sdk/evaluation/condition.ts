import type { Condition } from '@third-umpire/proto/umpire/flags/v1/ruleset';
import { compileComparison } from './comparison.ts';

/** Whether a context meets a condition. */
export type Predicate = (context: Readonly<Record<string, unknown>>) => boolean;

/** Compiles a condition; problems are added to `problems`, with the place. */
export function compileCondition(
  condition: Condition | undefined,
  place: string,
  segments: (key: string) => Predicate | undefined,
  problems: string[],
): Predicate {
  const kind = condition?.kind;
  switch (kind?.$case) {
    case undefined:
      problems.push(`${place}: the condition is empty`);
      return never;
    case 'comparison':
      return compileComparison(kind.value, place, problems);
    case 'not': {
      const inner = compileCondition(kind.value, place, segments, problems);
      return (context) => !inner(context);
    }
    case 'all':
      return all(kind.value.conditions.map((each) => compileCondition(each, place, segments, problems)));
    case 'any':
      return any(kind.value.conditions.map((each) => compileCondition(each, place, segments, problems)));
    case 'segmentKey': {
      const segment = segments(kind.value);
      if (segment === undefined) problems.push(`${place}: there is no segment "${kind.value}", or it contains itself`);
      return segment ?? never;
    }
  }
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
