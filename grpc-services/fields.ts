import type { Actor as WireActor } from '@third-umpire/proto/umpire/control/v1/control';
import type { Actor } from '../control-store/port.ts';
import { InvalidRequestError } from './failures.ts';

/** What the control store keeps of an id. */
const MAX_BYTES = 1_000;

/** @throws InvalidRequestError where the text is empty, too long, or holds a NUL, which no store keeps */
export function required(field: string, text: string): string {
  if (text.trim() === '') throw new InvalidRequestError(field, 'is empty');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw new InvalidRequestError(field, `has ${bytes} bytes; at most ${MAX_BYTES} are taken`);
  return withoutNul(field, text);
}

/** @throws InvalidRequestError where the text holds a NUL, which no store keeps */
export function withoutNul(field: string, text: string): string {
  if (text.includes('\0')) throw new InvalidRequestError(field, 'holds a NUL character; leave it out');
  return text;
}

/** @throws InvalidRequestError where nobody is named, or no reason */
export function actorOf(actor: WireActor | undefined): Actor {
  if (actor === undefined) throw new InvalidRequestError('actor', 'is missing; say who does this, and why');
  return { name: required('actor.name', actor.name), reason: required('actor.reason', actor.reason) };
}
