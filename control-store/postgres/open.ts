import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Definition, DefinitionKind } from '../../definitions/definition.ts';
import { recordOf } from '../experiment-state.ts';
import { processWarnings, type ControlStoreLogger } from '../logger.ts';
import { NotFoundError, type ControlStore, type StoredDefinition } from '../port.ts';
import { assertText, listAudit } from './audit.ts';
import { ChangeLine } from './change-line.ts';
import { loadDefinition, loadNewest } from './definitions.ts';
import { loadStates } from './experiments.ts';
import { linkedDevice, linkIdentity, listLinks, markUsersExposed } from './identity.ts';
import { kill, revokeKill } from './kills.ts';
import { migrate } from './migrations.ts';
import { loadCurrent } from './publish.ts';
import { putDefinitions } from './put-definitions.ts';
import { withRetry } from './retry.ts';
import { RulesetFeed } from './ruleset-feed.ts';
import { SCHEMA, type ControlDatabase, type Database } from './schema.ts';
import { latestScorecard, saveScorecard } from './scorecards.ts';
import { transition } from './transition.ts';

const POOL_SIZE = 10;
/** Connections that only kills use, so that a kill never waits for one. */
const URGENT_POOL_SIZE = 2;
const STATEMENT_TIMEOUT_MS = 15_000;
/** A process that hangs within a change loses its locks before those that wait for them give up. */
const IDLE_IN_CHANGE_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

export interface ControlStoreOptions {
  /** Connection string of a PostgreSQL database; the store keeps to the schema `umpire_control`. */
  readonly url: string;
  /** Ms since 1970 UTC; default: the machine's clock. */
  readonly clock?: () => number;
  /** Told of what the store survives by itself, such as lost connections; default: process warnings. */
  readonly logger?: ControlStoreLogger;
}

/**
 * Opens the control store and brings its schema up to date; concurrent opens are safe. Every operation survives a restart of
 * PostgreSQL of a few seconds: it is done again, which changes nothing twice.
 */
export async function openControlStore(options: ControlStoreOptions): Promise<ControlStore> {
  const clock = options.clock ?? Date.now;
  const logger = options.logger ?? processWarnings;
  const root = connect(options.url, POOL_SIZE, logger);
  const urgentRoot = connect(options.url, URGENT_POOL_SIZE, logger);
  const disconnect = async (): Promise<void> => {
    await Promise.all([root.destroy(), urgentRoot.destroy()]);
  };
  try {
    await withRetry(() => migrate(root));
  } catch (error) {
    await disconnect();
    throw error;
  }
  const database = root.withSchema(SCHEMA);
  const changes = new ChangeLine(database, urgentRoot.withSchema(SCHEMA));
  const feed = new RulesetFeed({ url: options.url, database, logger });
  return {
    ...definitionsOf(database, changes, clock),
    ...experimentsOf(database, changes, clock),
    ...identitiesOf(database, clock),
    currentRuleset: () => withRetry(() => loadCurrent(database)),
    watchRulesets: (onRuleset) => withRetry(() => feed.watch(onRuleset)),
    saveScorecard: (scorecard) => withRetry(() => saveScorecard(database, scorecard)),
    latestScorecard: (experimentKey) => withRetry(() => latestScorecard(database, experimentKey)),
    listAudit: (filter) => withRetry(() => listAudit(database, filter)),
    close: async () => {
      await feed.close();
      await disconnect();
    },
  };
}

type Clock = () => number;

function definitionsOf(
  database: Database,
  changes: ChangeLine,
  clock: Clock,
): Pick<ControlStore, 'putDefinitions' | 'getDefinition' | 'listDefinitions'> {
  return {
    putDefinitions: (documents, actor, expectedVersions = []) =>
      withRetry(() => putDefinitions(changes, { documents, actor, expectedVersions }, clock())),
    getDefinition: async (kind, key, version) => {
      const stored = await withRetry(() => loadDefinition(database, kind, key, version));
      if (!isOfKind(stored, kind)) throw new TypeError(`the stored ${kind} ${key} is a ${stored.definition.kind}`);
      return stored;
    },
    listDefinitions: (kind) => withRetry(() => loadNewest(database, kind === undefined ? undefined : [kind])),
  };
}

function experimentsOf(
  database: Database,
  changes: ChangeLine,
  clock: Clock,
): Pick<ControlStore, 'getExperiment' | 'listExperiments' | 'transition' | 'kill' | 'revokeKill'> {
  return {
    getExperiment: async (key) => {
      assertText('key', key);
      const [state] = await withRetry(() => loadStates(database, key));
      if (state === undefined) throw new NotFoundError(`there is no experiment ${key}`);
      return recordOf(state);
    },
    listExperiments: async () => (await withRetry(() => loadStates(database))).map(recordOf),
    transition: (request) => withRetry(() => transition(changes, request, clock())),
    kill: (request) => withRetry(() => kill(changes, request, clock())),
    revokeKill: (killId, actor) => withRetry(() => revokeKill(changes, killId, actor, clock())),
  };
}

function identitiesOf(
  database: Database,
  clock: Clock,
): Pick<ControlStore, 'linkIdentity' | 'linkedDevice' | 'listLinks' | 'markUsersExposed'> {
  return {
    linkIdentity: (userId, deviceId) => withRetry(() => linkIdentity(database, userId, deviceId, clock())),
    linkedDevice: (userId) => withRetry(() => linkedDevice(database, userId)),
    listLinks: (limit) => withRetry(() => listLinks(database, limit)),
    markUsersExposed: (userIds) => withRetry(() => markUsersExposed(database, userIds, clock())),
  };
}

function isOfKind<K extends DefinitionKind>(
  stored: StoredDefinition,
  kind: K,
): stored is StoredDefinition & { readonly definition: Extract<Definition, { kind: K }> } {
  return stored.definition.kind === kind;
}

function connect(url: string, max: number, logger: ControlStoreLogger): Kysely<ControlDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_CHANGE_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'umpire control store',
  });
  pool.on('error', (error) => logger.warn({ err: error }, 'control store: an idle connection to PostgreSQL was lost'));
  // A connection that is lost while in use tells its query; without a listener its error event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<ControlDatabase>({ dialect: new PostgresDialect({ pool }) });
}
