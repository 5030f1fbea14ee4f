import type { EvaluateRequest } from '@third-umpire/proto/umpire/assignment/v1/assignment';
import type { AttributeInput, EvaluationContext } from '@third-umpire/sdk';
import { InvalidRequestError } from '../failures.ts';

const MAX_ATTRIBUTES = 200;

/** @throws InvalidRequestError for an attribute without a value, of a name that cannot be, or too many of them */
export function contextOf({ context }: EvaluateRequest): EvaluationContext {
  const result: Record<string, AttributeInput> = {};
  let count = 0;
  // An attribute of this name became the prototype of the decoded message: its fields would pass for attributes.
  if (Object.getPrototypeOf(context) !== Object.prototype) {
    throw new InvalidRequestError('context.__proto__', 'cannot be an attribute; give it another name');
  }
  for (const name in context) {
    const kind = context[name]?.kind;
    if (kind === undefined) throw new InvalidRequestError(`context.${name}`, 'has no value; set one, or leave it out');
    result[name] = kind.$case === 'stringList' ? kind.value.values : kind.value;
    count += 1;
  }
  if (count > MAX_ATTRIBUTES)
    throw new InvalidRequestError('context', `holds ${count} attributes; at most ${MAX_ATTRIBUTES} are taken`);
  return result;
}
