import { parseAllDocuments, type Document } from 'yaml';
import { z } from 'zod';
import { PROPERTY_TYPES, type EventTypeSchema } from './event-type.ts';

const snakeCase = /^[a-z][a-z0-9_]{0,63}$/;

const document = z.strictObject({
  kind: z.literal('event_type'),
  key: z.string().regex(snakeCase, 'must be lower snake case, at most 64 characters'),
  version: z.int().min(1),
  description: z.string().optional(),
  open: z.boolean().optional(),
  properties: z.record(
    z.string().regex(snakeCase, 'property names are lower snake case'),
    z.strictObject({
      type: z.enum(PROPERTY_TYPES),
      required: z.boolean().optional(),
      description: z.string().optional(),
    }),
  ),
});

/** Event-type documents that cannot be taken, with everything that is wrong with them. */
export class InvalidEventTypeError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'InvalidEventTypeError';
    this.problems = problems;
  }
}

/**
 * Reads event types from YAML or JSON, one or more documents:
 *
 *     kind: event_type
 *     key: deposit_failed
 *     version: 1
 *     properties:
 *       amount_paise: { type: integer, required: true }
 *       error_code: { type: string }
 *
 * @param sourceName named in problems, such as the file's name
 * @throws InvalidEventTypeError
 */
export function parseEventTypes(text: string, sourceName: string): EventTypeSchema[] {
  const problems: string[] = [];
  const schemas: EventTypeSchema[] = [];
  const documents = parseAllDocuments(text, { logLevel: 'error' });
  for (const [index, source] of (Array.isArray(documents) ? documents : []).entries()) {
    const place = `${sourceName}, document ${index + 1}`;
    if (source.errors.length > 0) {
      problems.push(...source.errors.map((error) => `${place}: ${error.message}`));
      continue;
    }
    const value = valueOf(source, place, problems);
    if (value === undefined) continue;
    const result = document.safeParse(value);
    if (result.success) schemas.push(result.data);
    else
      problems.push(
        ...result.error.issues.map((issue) => `${place}: ${issue.path.join('.') || 'the document'}: ${issue.message}`),
      );
  }
  if (schemas.length === 0 && problems.length === 0) {
    problems.push(`${sourceName}: holds no event type; write at least one document of kind event_type`);
  }
  if (problems.length > 0) throw new InvalidEventTypeError(problems);
  return schemas;
}

/** Aliases that lead nowhere, or to too much, are only found here. */
function valueOf(source: Document.Parsed, place: string, problems: string[]): unknown {
  try {
    return source.toJS({ maxAliasCount: 100 });
  } catch (error) {
    problems.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
