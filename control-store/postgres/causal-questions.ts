import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { QUESTION_STATES, type CausalRecord, type CausalStore } from '../causal-port.ts';
import { processWarnings, type ControlStoreLogger } from '../logger.ts';
import { NotFoundError } from '../port.ts';
import { migrate } from './migrations.ts';
import { withRetry } from './retry.ts';
import { SCHEMA, type ControlDatabase, type Database } from './schema.ts';

export interface CausalStoreOptions {
  /** The connection string of the control store's database. */
  readonly url: string;
  /** Ms since 1970 UTC; default: the machine's clock. */
  readonly clock?: () => number;
  readonly logger?: ControlStoreLogger;
}

const POOL_SIZE = 3;
const COLUMNS = ['question_id', 'question', 'asked_at', 'state', 'detail', 'finished_at'] as const;

/** Opens what the control store keeps of causal questions, on connections of its own. */
export async function openCausalStore(options: CausalStoreOptions): Promise<CausalStore> {
  const clock = options.clock ?? Date.now;
  const root = connect(options.url, options.logger ?? processWarnings);
  try {
    await withRetry(() => migrate(root));
  } catch (error) {
    await root.destroy();
    throw error;
  }
  const database = root.withSchema(SCHEMA);
  return {
    put: (questionId, question) => withRetry(() => put(database, questionId, question, clock())),
    progress: (questionId, detail) =>
      withRetry(async () => {
        const running = database.updateTable('causal_questions').set({ detail }).where('state', '=', 'running');
        await running.where('question_id', '=', questionId).execute();
      }),
    finish: (questionId, { state, detail, report }) =>
      withRetry(async () => {
        const end = {
          state,
          detail,
          finished_at: new Date(clock()),
          report: report === null ? null : JSON.stringify(report),
        };
        const running = database.updateTable('causal_questions').set(end).where('state', '=', 'running');
        await running.where('question_id', '=', questionId).execute();
      }),
    get: (questionId) => withRetry(() => get(database, questionId)),
    list: (limit) =>
      withRetry(async () => {
        const rows = await database
          .selectFrom('causal_questions')
          .select(COLUMNS)
          .orderBy('asked_at', 'desc')
          .orderBy('question_id')
          .limit(limit)
          .execute();
        return rows.map((row) => recordOf({ ...row, report: null }));
      }),
    close: () => root.destroy(),
  };
}

async function put(database: Database, questionId: string, question: unknown, nowMs: number): Promise<CausalRecord> {
  await database
    .insertInto('causal_questions')
    .values({
      question_id: questionId,
      question: JSON.stringify(question),
      asked_at: new Date(nowMs),
      state: 'running',
      detail: 'waiting for a worker',
      finished_at: null,
      report: null,
    })
    .onConflict((conflict) => conflict.column('question_id').doNothing())
    .execute();
  return await get(database, questionId);
}

async function get(database: Database, questionId: string): Promise<CausalRecord> {
  const row = await database
    .selectFrom('causal_questions')
    .selectAll()
    .where('question_id', '=', questionId)
    .executeTakeFirst();
  if (row === undefined) throw new NotFoundError(`there is no causal question ${questionId}`);
  return recordOf(row);
}

interface Row {
  readonly question_id: string;
  readonly question: unknown;
  readonly asked_at: Date;
  readonly state: string;
  readonly detail: string;
  readonly finished_at: Date | null;
  readonly report: unknown;
}

function recordOf(row: Row): CausalRecord {
  const state = QUESTION_STATES.find((each) => each === row.state);
  if (state === undefined) throw new Error(`causal question ${row.question_id} is in an unknown state "${row.state}"`);
  return {
    questionId: row.question_id,
    question: row.question,
    askedAtMs: row.asked_at.getTime(),
    state,
    detail: row.detail,
    finishedAtMs: row.finished_at?.getTime() ?? null,
    report: row.report,
  };
}

function connect(url: string, logger: ControlStoreLogger): Kysely<ControlDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    statement_timeout: 60_000,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'umpire causal questions',
  });
  pool.on('error', (error) =>
    logger.warn({ err: error }, 'causal questions: an idle connection to PostgreSQL was lost'),
  );
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<ControlDatabase>({ dialect: new PostgresDialect({ pool }) });
}
