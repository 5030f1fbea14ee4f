import type { z } from 'zod';
import type { Problem } from './definition.ts';
import { unknownFieldMessages } from './schema/fields.ts';
import { didYouMean } from './suggestion.ts';

const MOST_PROBLEMS = 100;

/** At most a hundred of what was found, and how many more there are: they are no help to a reader, and do not fit into an answer. */
export function firstProblems<Found>(
  found: readonly Found[],
  name: string,
  problemOf: (found: Found) => Problem,
): Problem[] {
  const problems = found.slice(0, MOST_PROBLEMS).map(problemOf);
  const moreCount = found.length - problems.length;
  if (moreCount === 0) return problems;
  return [...problems, { path: name, message: `has ${moreCount} more problems; mend those above first` }];
}

/** One thing that is wrong with a value, in our words. */
export interface Finding {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** What zod found in a value, one finding for each field. */
export function findingsOf(error: z.ZodError, value: unknown): Finding[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [{ path: [...issue.path], message: messageOf(issue, at(value, issue.path)) }];
    }
    const messages = unknownFieldMessages(issue);
    return issue.keys.map((key, index) => ({
      path: [...issue.path, key],
      message: messages[index] ?? 'is not a field here; remove it',
    }));
  });
}

function messageOf(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map((value) => JSON.stringify(value)).join(', ');
    if (found === undefined) return `is missing; write one of ${choices}`;
    const meant = typeof found === 'string' ? didYouMean(found, issue.values.map(String)) : '';
    return `is not one of ${choices}${meant}; write one of them`;
  }
  if (issue.code !== 'invalid_type') return issue.message;
  const wanted = WANTED[issue.expected] ?? issue.expected;
  if (found === undefined) return `is missing; give ${wanted}`;
  const hint = issue.expected === 'string' ? ' (quote it where it looks like something else)' : '';
  return `must be ${wanted}${hint}`;
}

const WANTED: Record<string, string | undefined> = {
  string: 'a text',
  number: 'a finite number',
  boolean: 'true or false',
  object: 'an object with fields',
  array: 'a list',
};

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((parent, part) => {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, part)) return undefined;
    return Reflect.get(parent, part);
  }, value);
}
