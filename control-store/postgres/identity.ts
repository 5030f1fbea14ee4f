import type { LinkOutcome } from '../port.ts';
import { sql } from 'kysely';
import { assertText } from './audit.ts';
import type { Database } from './schema.ts';

/**
 * By what a user is hashed is one row, written once: a device (linked in time) or himself (exposed before any link). Whoever inserts
 * first wins, so links and exposures need no lock.
 */
export async function linkIdentity(
  database: Database,
  userId: string,
  deviceId: string,
  nowMs: number,
): Promise<{ outcome: LinkOutcome; hashedDeviceId: string | null }> {
  assertId('userId', userId);
  assertId('deviceId', deviceId);
  const inserted = await database
    .insertInto('user_hashes')
    .values({ user_id: userId, device_id: deviceId, fixed_at: new Date(nowMs) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('user_id')
    .executeTakeFirst();
  if (inserted !== undefined) return { outcome: 'linked', hashedDeviceId: deviceId };
  const own = await findRow(database, userId);
  if (own === undefined) return { outcome: 'device-taken', hashedDeviceId: null };
  if (own.device_id === null) return { outcome: 'user-already-exposed', hashedDeviceId: null };
  const outcome = own.device_id === deviceId ? 'already-linked' : 'user-linked-elsewhere';
  return { outcome, hashedDeviceId: own.device_id };
}

export async function linkedDevice(database: Database, userId: string): Promise<string | null> {
  assertId('userId', userId);
  return (await findRow(database, userId))?.device_id ?? null;
}

/** The newest links, oldest first, so that a bounded memory that is filled in this order keeps the newest. */
export async function listLinks(
  database: Database,
  limit: number,
): Promise<readonly { readonly userId: string; readonly deviceId: string }[]> {
  const rows = await database
    .selectFrom('user_hashes')
    .select(['user_id', 'device_id'])
    .where('device_id', 'is not', null)
    .orderBy('fixed_at', 'desc')
    .limit(limit)
    .execute();
  return rows
    .reverse()
    .flatMap(({ user_id: userId, device_id: deviceId }) => (deviceId === null ? [] : [{ userId, deviceId }]));
}

/** Users who are linked already stay linked: they were exposed under the device's id. */
export async function markUsersExposed(database: Database, userIds: readonly string[], nowMs: number): Promise<void> {
  // In one order, so that two batches with the same users never wait for each other in a circle.
  const unique = [...new Set(userIds)].sort();
  for (const userId of unique) assertId('userId', userId);
  if (unique.length === 0) return;
  await sql`
    insert into umpire_control.user_hashes (user_id, device_id, fixed_at)
    select user_id, null, ${new Date(nowMs)}::timestamptz from unnest(${unique}::text[]) as user_id
    on conflict do nothing`.execute(database);
}

async function findRow(database: Database, userId: string): Promise<{ readonly device_id: string | null } | undefined> {
  return await database.selectFrom('user_hashes').select('device_id').where('user_id', '=', userId).executeTakeFirst();
}

function assertId(field: string, id: string): void {
  if (id === '') throw new RangeError(`${field}: is empty; give the id`);
  if (Buffer.byteLength(id) > 1_000) throw new RangeError(`${field}: is longer than 1,000 bytes`);
  assertText(field, id);
}
