import { sql } from 'kysely';
import type { ErasureSubject, FoundRows, StoreFindings } from '../../erasure-port.ts';
import type { Database } from '../schema.ts';

const QUERY =
  'select * from umpire_control.user_hashes where (user_id = :user or device_id = any(:devices)) and fixed_at <= :until';

/** The one table that holds users by their id. */
export async function findInControlStore(database: Database, subject: ErasureSubject): Promise<StoreFindings> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from umpire_control.user_hashes
    where (user_id = ${subject.userId} or device_id = any(${subject.deviceIds}::text[]))
      and fixed_at <= ${new Date(subject.untilMs)}`.execute(database);
  const found: FoundRows[] = [{ place: 'umpire_control.user_hashes', rows: Number(rows[0]?.count ?? 0) }];
  return { store: 'control store', found, query: QUERY, notes: await mentions(database, subject) };
}

export async function eraseFromControlStore(database: Database, subject: ErasureSubject): Promise<void> {
  await sql`
    delete from umpire_control.user_hashes
    where (user_id = ${subject.userId} or device_id = any(${subject.deviceIds}::text[]))
      and fixed_at <= ${new Date(subject.untilMs)}`.execute(database);
}

/**
 * Where people wrote the id into documents. It is told and not changed: who is targeted is a decision, and the history of decisions is
 * append-only.
 */
async function mentions(database: Database, { userId, deviceIds }: ErasureSubject): Promise<string[]> {
  const quoted = [userId, ...deviceIds].map((id) => JSON.stringify(id));
  const { rows: documents } = await sql<{ name: string; is_newest: boolean }>`
    select kind || ' ' || key || ' version ' || version as name,
      version = max(version) over (partition by kind, key) as is_newest
    from (select *, (select bool_or(strpos(document::text, id) > 0) from unnest(${quoted}::text[]) as id) as names_user
          from umpire_control.definition_versions) as versions
    where names_user order by kind, key, version`.execute(database);
  const { rows: audits } = await sql<{ count: string }>`
    select count(*) from umpire_control.audit
    where exists (select from unnest(${[userId, ...deviceIds]}::text[]) as id
      where strpos(reason, id) > 0 or strpos(detail::text, id) > 0) and length(${userId}) > 3`.execute(database);
  const told = documents.map(({ name, is_newest: isNewest }) =>
    isNewest
      ? `${name} names the user; take him out with "umpire definitions put"`
      : `${name} names the user; it is not in force, and versions are kept for ever`,
  );
  const audited = Number(audits[0]?.count ?? 0);
  if (audited > 0)
    told.push(`${audited} audit entries seem to name the user in their reason; the audit is append-only`);
  return told;
}
