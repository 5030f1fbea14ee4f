import type { EvaluateOptions } from './evaluation.ts';

/** The unit types that identity links tie together. */
const USER = 'user';
const DEVICE = 'device';

/**
 * The id that is hashed for a unit type: a linked user counts as the device that he is linked to, and a context that has a device but no
 * user yet counts as the device, so that a unit keeps its variant over the login. `undefined` where the context has no such id.
 */
export function unitIdIn(
  context: Readonly<Record<string, unknown>>,
  unitType: string,
  options: EvaluateOptions | undefined,
): string | undefined {
  if (unitType !== USER) return idOf(context[unitType]);
  // A property that is named in the code is read several times faster than one named by a variable.
  const id = idOf(context[USER]);
  if (id === undefined) return idOf(context[DEVICE]);
  return options?.hashedUserAs?.(id) ?? id;
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return undefined;
}
