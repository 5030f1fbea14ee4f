import type { Actor as WireActor } from '@third-umpire/proto/umpire/control/v1/control';
import type { Actor } from '../../control-store/port.ts';
import { InvalidRequestError } from '../failures.ts';

/** @throws InvalidRequestError where the text is empty */
export function required(field: string, text: string): string {
  if (text.trim() === '') throw new InvalidRequestError(field, 'is empty');
  return text;
}

/** @throws InvalidRequestError where nobody is named, or no reason */
export function actorOf(actor: WireActor | undefined): Actor {
  if (actor === undefined) throw new InvalidRequestError('actor', 'is missing; say who does this, and why');
  return { name: required('actor.name', actor.name), reason: required('actor.reason', actor.reason) };
}
