import type { AttributeInput, EvaluationContext } from '@third-umpire/sdk';
import { UsageError } from './failures.ts';

/**
 * Reads an evaluation context as people write it: `user=u1,region=KA`, with `deposits:=3` for values that are not text, or one JSON
 * object. Later ones replace earlier ones.
 *
 * @throws UsageError
 */
export function parseContext(texts: readonly string[]): EvaluationContext {
  const context: Record<string, AttributeInput> = {};
  for (const text of texts)
    Object.assign(context, text.trimStart().startsWith('{') ? parseObject(text) : parsePairs(text));
  return context;
}

function parsePairs(text: string): Record<string, AttributeInput> {
  // A comma inside [ ] belongs to a list.
  const pairs = text.split(/,(?![^[]*\])/).filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map(parsePair));
}

function parsePair(pair: string): [string, AttributeInput] {
  const match = /^([^=:]+)(:?=)(.*)$/s.exec(pair);
  const [, name = '', operator, text = ''] = match ?? [];
  if (match === null)
    throw new UsageError(`--context: "${pair}" is not name=text or name:=value, such as user=u1,deposits:=3`);
  if (operator === '=') return [name.trim(), text];
  return [name.trim(), attributeOf(name.trim(), parseJson(text, `the value of "${name}"`))];
}

function parseObject(text: string): Record<string, AttributeInput> {
  const value = parseJson(text, 'the object');
  if (typeof value !== 'object' || value === null) throw new UsageError('--context: give a JSON object');
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => [name, attributeOf(name, each)]),
  );
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--context: ${what} is not JSON (${why}); texts stand behind a plain "=", as in region=KA`);
  }
}

function attributeOf(name: string, value: unknown): AttributeInput {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (Array.isArray(value) && value.every((element) => typeof element === 'string')) return value;
  throw new UsageError(`--context: "${name}" must be a text, a number, true, false, null or a list of texts`);
}
