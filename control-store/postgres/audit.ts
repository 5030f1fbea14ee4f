import type { Actor, AuditEntry } from '../port.ts';
import { canonicalJson } from '../../definitions/serialize.ts';
import { inBatches } from './batches.ts';
import type { Database, Tx } from './schema.ts';

export interface Change {
  readonly actor: Actor;
  readonly action: string;
  readonly subject: string;
  readonly detail: unknown;
  readonly nowMs: number;
}

/** Writes audit entries in the transaction of what they tell. */
export async function writeAudits(tx: Tx, changes: readonly Change[]): Promise<void> {
  const rows = changes.map(({ actor, action, subject, detail, nowMs }) => ({
    at: new Date(nowMs),
    actor: actor.name,
    action,
    subject,
    reason: actor.reason,
    detail: canonicalJson(detail),
  }));
  await inBatches(rows, (batch) => tx.insertInto('audit').values(batch).execute());
}

/** Newest first. */
export async function listAudit(
  database: Database,
  filter: { readonly subject?: string; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  if (!Number.isSafeInteger(filter.limit) || filter.limit < 0) {
    throw new RangeError(`limit: ${filter.limit} is no number of entries; give a whole number from 0`);
  }
  if (filter.subject !== undefined) assertText('subject', filter.subject);
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
