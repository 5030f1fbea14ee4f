import { canonicalJson } from '../../definitions/serialize.ts';
import { ConflictError } from '../port.ts';
import { assertText } from './audit.ts';
import type { Tx } from './schema.ts';

/** A value whose JSON is the whole of it, so that a repeated step returns exactly what the first one did. */
type PlainRecord = object;

/**
 * Does something once per step key. A repetition changes nothing and returns what the first call did. To be called under the
 * publication lock, which keeps two calls of one key apart.
 * @throws ConflictError where the key was used for something else
 */
export async function once<T extends PlainRecord>(
  tx: Tx,
  step: { readonly stepKey: string; readonly request: unknown; readonly nowMs: number },
  isResult: (value: unknown) => value is T,
  work: () => Promise<T>,
): Promise<T> {
  if (step.stepKey === '') throw new RangeError('stepKey: is empty; give every step a key of its own');
  assertText('stepKey', step.stepKey);
  const request = canonicalJson(step.request);
  const done = await tx.selectFrom('steps').selectAll().where('step_key', '=', step.stepKey).executeTakeFirst();
  if (done !== undefined) {
    if (done.request !== request) {
      throw new ConflictError(
        `step key ${step.stepKey} was used for ${done.request}, not for ${request}; use a new key`,
      );
    }
    if (!isResult(done.result)) throw new TypeError(`step ${step.stepKey}: its stored result is of another kind`);
    return done.result;
  }
  const result = await work();
  await tx
    .insertInto('steps')
    .values({ step_key: step.stepKey, request, result: JSON.stringify(result), done_at: new Date(step.nowMs) })
    .execute();
  return result;
}
