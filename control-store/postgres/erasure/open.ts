import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import type { ErasureReceipt, ErasureRecord, ErasureStore, ErasureSubject } from '../../erasure-port.ts';
import { processWarnings, type ControlStoreLogger } from '../../logger.ts';
import { NotFoundError } from '../../port.ts';
import { assertActor, writeAudits } from '../audit.ts';
import { migrate } from '../migrations.ts';
import { withRetry } from '../retry.ts';
import { SCHEMA, type ControlDatabase, type Database, type Tx } from '../schema.ts';
import { eraseFromControlStore, findInControlStore } from './control-store-rows.ts';
import { ErasedIdsReader } from './erased-ids.ts';
import { hashOf } from './id-hash.ts';

/** Any number that nothing else locks in this database. */
const REQUEST_LOCK = 7_310_004;
const POOL_SIZE = 3;

export interface ErasureStoreOptions {
  /** The connection string of the control store's database. */
  readonly url: string;
  /** Ms since 1970 UTC; default: the machine's clock. */
  readonly clock?: () => number;
  readonly logger?: ControlStoreLogger;
}

/** Opens what the control store keeps of erasures, on connections of its own. */
export async function openErasureStore(options: ErasureStoreOptions): Promise<ErasureStore> {
  const clock = options.clock ?? Date.now;
  const root = connect(options.url, options.logger ?? processWarnings);
  try {
    await withRetry(() => migrate(root));
  } catch (error) {
    await root.destroy();
    throw error;
  }
  const database = root.withSchema(SCHEMA);
  const erasedIds = new ErasedIdsReader(database);
  return {
    request: (request) => withRetry(() => requestErasure(database, request, clock())),
    subject: (erasureId) => withRetry(() => loadSubject(database, erasureId)),
    finish: (erasureId, receipt) => withRetry(() => finish(database, erasureId, receipt, clock())),
    get: (erasureId) => withRetry(() => load(database, erasureId)),
    erased: (maxAgeMs) => erasedIds.current(maxAgeMs),
    find: (subject) => withRetry(() => findInControlStore(database, subject)),
    erase: (subject) => withRetry(() => eraseFromControlStore(database, subject)),
    close: () => root.destroy(),
  };
}

type Request = Parameters<ErasureStore['request']>[0];

async function requestErasure(database: Database, request: Request, nowMs: number): Promise<ErasureRecord> {
  assertActor(request.actor);
  const erasureId = await database.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${REQUEST_LOCK})`.execute(tx);
    const { key } = await tx.selectFrom('erasure_key').select('key').executeTakeFirstOrThrow();
    const open = await openRequest(tx, request);
    if (open !== undefined) return open;
    return await note(tx, request, key, nowMs);
  });
  return await load(database, erasureId);
}

/** Whoever asks again goes on with what was not finished. */
async function openRequest(tx: Tx, { userId, isDryRun }: Request): Promise<string | undefined> {
  const row = await tx
    .selectFrom('erasure_subjects')
    .innerJoin('erasures', 'erasures.erasure_id', 'erasure_subjects.erasure_id')
    .select('erasures.erasure_id as id')
    .where('user_id', '=', userId)
    .where('is_dry_run', '=', isDryRun)
    .executeTakeFirst();
  return row?.id;
}

async function note(
  tx: Tx,
  { userId, deviceIds, isDryRun, actor }: Request,
  key: Buffer,
  nowMs: number,
): Promise<string> {
  const linked = await tx
    .selectFrom('user_hashes')
    .select('device_id')
    .where('user_id', '=', userId)
    .where('device_id', 'is not', null)
    .execute();
  const devices = [...new Set([...deviceIds, ...linked.flatMap((row) => row.device_id ?? [])])];
  const erasureId = uuidv7();
  const until = new Date(nowMs);
  await tx
    .insertInto('erasures')
    .values({
      erasure_id: erasureId,
      subject_hash: hashOf(key, userId),
      requested_at: until,
      actor: actor.name,
      reason: actor.reason,
      is_dry_run: isDryRun,
      erased_until: until,
      finished_at: null,
      receipt: null,
    })
    .execute();
  await tx
    .insertInto('erasure_subjects')
    .values({ erasure_id: erasureId, user_id: userId, device_ids: devices })
    .execute();
  if (isDryRun) return erasureId;
  for (const id of [userId, ...devices]) await markErased(tx, hashOf(key, id), until);
  await writeAudits(tx, [{ actor, action: 'erasure.requested', subject: erasureId, detail: {}, nowMs }]);
  return erasureId;
}

/** A new row, also for an id that was erased before: readers find it by its number. */
async function markErased(tx: Tx, hash: Buffer, until: Date): Promise<void> {
  await tx.deleteFrom('erased_ids').where('id_hash', '=', hash).execute();
  await tx.insertInto('erased_ids').values({ id_hash: hash, erased_until: until }).execute();
}

async function loadSubject(database: Database, erasureId: string): Promise<ErasureSubject | null> {
  const { isDryRun, untilMs } = await load(database, erasureId);
  const row = await database
    .selectFrom('erasure_subjects')
    .selectAll()
    .where('erasure_id', '=', erasureId)
    .executeTakeFirst();
  return row === undefined ? null : { erasureId, userId: row.user_id, deviceIds: row.device_ids, untilMs, isDryRun };
}

async function finish(
  database: Database,
  erasureId: string,
  receipt: ErasureReceipt,
  nowMs: number,
): Promise<ErasureRecord> {
  await database.transaction().execute(async (tx) => {
    const { actor, isDryRun, finishedAtMs } = await load(tx, erasureId);
    if (finishedAtMs !== null) return;
    await tx.deleteFrom('erasure_subjects').where('erasure_id', '=', erasureId).execute();
    await tx
      .updateTable('erasures')
      .set({ finished_at: new Date(nowMs), receipt: JSON.stringify(receipt) })
      .where('erasure_id', '=', erasureId)
      .execute();
    const { rowsFound, rowsLeft } = receipt;
    const action = isDryRun ? 'erasure.counted' : 'erasure.finished';
    await writeAudits(tx, [{ actor, action, subject: erasureId, detail: { rowsFound, rowsLeft }, nowMs }]);
  });
  return await load(database, erasureId);
}

async function load(database: Database | Tx, erasureId: string): Promise<ErasureRecord> {
  const row = await database.selectFrom('erasures').selectAll().where('erasure_id', '=', erasureId).executeTakeFirst();
  if (row === undefined) throw new NotFoundError(`there is no erasure ${erasureId}`);
  return {
    erasureId,
    subjectHash: row.subject_hash.toString('hex'),
    requestedAtMs: row.requested_at.getTime(),
    actor: { name: row.actor, reason: row.reason },
    isDryRun: row.is_dry_run,
    untilMs: row.erased_until.getTime(),
    finishedAtMs: row.finished_at?.getTime() ?? null,
    receipt: row.receipt === null ? null : (row.receipt as ErasureReceipt),
  };
}

function connect(url: string, logger: ControlStoreLogger): Kysely<ControlDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    statement_timeout: 60_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'umpire erasures',
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'erasures: an idle connection to PostgreSQL was lost'));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<ControlDatabase>({ dialect: new PostgresDialect({ pool }) });
}
