import type { Actor, AuditEntry } from '../port.ts';
import { canonicalJson } from '../../definitions/serialize.ts';
import type { Database, Tx } from './schema.ts';

export interface Change {
  readonly actor: Actor;
  readonly action: string;
  readonly subject: string;
  readonly detail: unknown;
  readonly nowMs: number;
}

/** Writes an audit entry in the transaction of what it tells. */
export async function writeAudit(tx: Tx, { actor, action, subject, detail, nowMs }: Change): Promise<void> {
  await tx
    .insertInto('audit')
    .values({
      at: new Date(nowMs),
      actor: actor.name,
      action,
      subject,
      reason: actor.reason,
      detail: canonicalJson(detail),
    })
    .execute();
}

/** Newest first. */
export async function listAudit(
  database: Database,
  filter: { readonly subject?: string; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  let query = database.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(filter.limit);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  const rows = await query.execute();
  return rows.map(({ at, ...row }) => ({ ...row, atMs: at.getTime() }));
}

/** @throws RangeError where it is not told who changes something, or why */
export function assertActor(actor: Actor): void {
  if (actor.name.trim() === '') throw new RangeError('actor.name: is empty; say who changes this');
  if (actor.reason.trim() === '') throw new RangeError('actor.reason: is empty; say why this is changed');
  assertText('actor.name', actor.name);
  assertText('actor.reason', actor.reason);
}

/** @throws RangeError where PostgreSQL could not keep the text */
export function assertText(field: string, text: string): void {
  if (/\0|\p{Surrogate}/u.test(text)) {
    throw new RangeError(`${field}: contains a NUL or half a surrogate pair; remove it`);
  }
  if (text.length > 10_000) throw new RangeError(`${field}: is longer than 10,000 characters; shorten it`);
}
