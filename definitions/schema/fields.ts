import { z } from 'zod';
import { didYouMean } from '../suggestion.ts';

const SEPARATOR = '\n';

/** An object whose unknown fields are problems, each with the field that was probably meant. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const unknown = issue['keys'];
      const names = Array.isArray(unknown) ? unknown.map(String) : [];
      return names.map((name) => unknownField(name, known)).join(SEPARATOR);
    },
  });
}

/** Messages of an `unrecognized_keys` issue of `fields`, one for each of its keys. */
export function unknownFieldMessages(issue: { readonly message: string }): readonly string[] {
  return issue.message.split(SEPARATOR);
}

function unknownField(name: string, known: readonly string[]): string {
  const suggestion = didYouMean(name, known);
  return `is not a field here${suggestion}; the fields are ${known.join(', ')}`;
}
